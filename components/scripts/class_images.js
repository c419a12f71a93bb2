const root = element.querySelector(".ui-classes");
const status = h("div", { class: "ui-sending", role: "status" });
const { send } = sending(status);
const said = h("span", { role: "status" });
const undoButton = h("button", { type: "button", class: "ui-small-button", "data-testid": "undo", hidden: true, onclick: () => undo() }, say("Undo"));
const list = h("div", { class: "ui-class-list" });
let classes = []; // [{ name, images: [{ blob, address, split }], card, ... }]
let current = null; // the class that takes what is pasted
let undoing = []; // functions that put back what was removed, the last one first
let closeCamera = () => {};
let isNew = false; // whether there is something that was not sent

const tell = (words) => { said.textContent = words; };
const removed = (words, back) => { undoing.unshift(back); undoButton.hidden = false; tell(words); };
const undo = () => {
  undoing.shift()?.();
  undoButton.hidden = !undoing.length;
  tell("");
};
const count = (n) => plural("{n} image", "{n} images", n);

const look = (group, place) => {
  const item = (image, number) => ({ caption: `${group.name} ${number + 1}/${group.images.length}`, node: () => h("img", { src: image.address, alt: `${group.name} ${number + 1}` }) });
  enlarge(group.images.map(item), place, (at) => group.grid.querySelector(`[data-place="${at}"]`));
};
const removeImage = (group, image) => {
  const place = group.images.indexOf(image);
  group.images.splice(place, 1);
  changed(group);
  (group.grid.querySelector(`[data-place="${Math.min(place, group.images.length - 1)}"]`) || group.field).focus({ preventScroll: true });
  removed(say("Image removed from {name}.", { name: group.name }), () => { group.images.splice(place, 0, image); changed(group); });
};
const thumb = (group, image, place) => h("div", { class: "ui-thumb" },
  h("button", {
    type: "button", class: "ui-thumb-image", "data-place": place, tabindex: place ? "-1" : "0", "aria-keyshortcuts": "Delete",
    "aria-label": say("Image {number} of {name}: enlarge it, or press Delete to remove it", { number: place + 1, name: group.name }),
    onclick: () => look(group, place),
    onkeydown: (event) => {
      const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (way) group.grid.querySelector(`[data-place="${place + way}"]`)?.focus();
      else if (event.key === "Delete" || event.key === "Backspace") removeImage(group, image);
      else return;
      event.preventDefault();
    },
  }, h("img", { src: image.address, alt: "", decoding: "async" })),
  h("button", { type: "button", class: "ui-thumb-remove", tabindex: "-1", "aria-hidden": "true", title: say("Remove"), onclick: () => removeImage(group, image) }, markup(props.cross)));

// Whatever was changed about a class: its images, their number, and whether all can be used.
const changed = (group) => {
  isNew = true;
  group.grid.replaceChildren(...group.images.map((image, place) => thumb(group, image, place)));
  group.grid.hidden = !group.images.length;
  group.number.textContent = count(group.images.length);
  group.grid.scrollTop = group.grid.scrollHeight;
  judge();
};
const add = (group, blobs, splits = []) => {
  group.images.push(...blobs.map((blob, place) => ({ blob, address: URL.createObjectURL(blob), split: splits[place] })));
  changed(group);
};
const take = (group, files) => {
  const images = imagesOf(files);
  add(group, images.map(({ blob }) => blob));
  tell(images.length < files.length ? plural("{n} file is no image and was left out.", "{n} files are no images and were left out.", files.length - images.length) : "");
};
const paste = async (group) => {
  try {
    const found = [];
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((each) => each.startsWith("image/"));
      if (type) found.push(await item.getType(type));
    }
    add(group, found);
    tell(found.length ? "" : say("There is no image in the clipboard."));
  } catch {
    tell(say("The browser does not show the clipboard to this page. Press Ctrl+V instead."));
  }
};
const openCamera = (group) => {
  closeCamera();
  camera(group.camera, group.name, (blob) => blob && add(group, [blob]), (why) => { tell(why); group.card.classList.remove("ui-class-filmed"); closeCamera = () => {}; })
    .then((stop) => { closeCamera = stop; if (group.camera.hasChildNodes()) group.card.classList.add("ui-class-filmed"); });
};
const removeClass = (group) => {
  const place = classes.indexOf(group);
  if (group.card.classList.contains("ui-class-filmed")) closeCamera();
  classes.splice(place, 1);
  arrange();
  removed(say("Class {name} removed.", { name: group.name }), () => { classes.splice(place, 0, group); arrange(); });
  list.querySelector("button, input")?.focus({ preventScroll: true });
};
const tool = (drawing, words, group, act) => {
  const button = h("button", { type: "button", class: "ui-small-button", onclick: act }, markup(drawing), h("span", {}, words));
  button.named = () => button.setAttribute("aria-label", `${words}: ${group.name}`);
  button.named();
  return button;
};
const newClass = (name) => {
  const group = { name: name || say("Class {number}", { number: classes.length + 1 }), images: [] };
  group.grid = h("div", { class: "ui-thumbs", hidden: true });
  group.camera = h("div", { class: "ui-camera" });
  group.number = h("span", { class: "ui-class-number" }, count(0));
  group.field = h("input", {
    type: "text", class: "ui-class-name", "aria-label": say("Name of the class"), value: group.name, maxlength: 60,
    oninput: (event) => { group.name = event.target.value.trim(); group.tools.forEach((each) => each.named()); isNew = true; judge(); },
    onfocus: (event) => event.target.select(),
  });
  group.tools = [
    tool(props.camera, say("Webcam"), group, () => openCamera(group)),
    tool(props.upload, say("Choose"), group, () => choose({ accept: "image/*", multiple: true }, (files) => take(group, files))),
    tool(props.paste, say("Paste"), group, () => paste(group)),
  ];
  group.card = h("section", { class: "ui-class", "data-testid": "class" },
    h("div", { class: "ui-class-head" }, group.field, group.number,
      h("button", { type: "button", class: "ui-icon-button", "aria-label": say("Remove this class"), title: say("Remove this class"), onclick: () => removeClass(group) }, markup(props.trash))),
    h("div", { class: "ui-class-tools" }, group.tools),
    group.camera, group.grid,
    h("p", { class: "ui-drop-note ui-class-hint" }, say("Or drop images here.")));
  group.card.addEventListener("focusin", () => { current = group; });
  group.card.addEventListener("pointerdown", () => { current = group; });
  takesDrops(group.card, (files) => take(group, files));
  classes.push(group);
  return group;
};
const arrange = () => {
  list.replaceChildren(...classes.map((group) => group.card));
  judge();
};
takesPastes(() => classes.length, (files) => take(classes.includes(current) ? current : classes[0], files));

// Names become folders: what would make another folder of them is written otherwise.
const folderOf = (group) => group.name.replace(/[\\/]/g, "-").replace(/^\.+/, "").trim();
const fileName = say("My images");
const use = () => {
  const hasSplits = classes.some((group) => group.images.some(({ split }) => split));
  const above = (split) => (hasSplits ? `${split || "train"}/` : "");
  send(
    classes.flatMap((group, place) => group.images.map(({ blob, split }, number) => ({ path: `${above(split)}${folderOf(group)}/${place + 1}-${number + 1}.${endingOf(blob)}`, blob, packed: true }))),
    `${fileName}.zip`, props.value.most);
};
const endingOf = (blob) => (/^image\/(png|webp|bmp|gif|tiff)$/.exec(blob.type)?.[1] || "jpg");
const useButton = h("button", { type: "button", class: "ui-main-button", "data-testid": "use-images", onclick: () => { if (!reason()) { use(); isNew = false; judge(); } } }, say("Use these images"));
const why = h("span", { class: "ui-drop-note", id: `why-${Math.random().toString(36).slice(2)}` });
useButton.setAttribute("aria-describedby", why.id);
const reason = () => {
  const filled = classes.filter((group) => group.images.length);
  const names = new Set(filled.map((group) => folderOf(group).toLowerCase()));
  if (names.has("")) return say("Give every class a name.");
  if (names.size < filled.length) return say("Two classes have the same name.");
  return filled.length < 2 ? say("At least two classes need images.") : "";
};
const judge = () => {
  const against = reason();
  const most = Math.max(0, ...classes.map((group) => group.images.length));
  useButton.setAttribute("aria-disabled", String(Boolean(against)));
  why.textContent = against || (most < 20 ? say("20 images or more of each class are a good start.") : "");
  nextStep(isNew && most ? against || say("Press Use these images to go on with them.") : "");
};

const bring = async () => {
  tell(say("Fetching the images"));
  const answer = await server.images(props.value);
  if (!answer || answer.reason) { tell(answer?.reason || say("The server could not be reached.")); return; }
  for (const { name, images, splits } of answer.classes) {
    const group = classes.find((each) => each.name === name) || newClass(name);
    add(group, await Promise.all(images.map(async (address) => (await fetch(address)).blob())), splits);
  }
  classes = classes.filter((group) => group.images.length);
  tell("");
  arrange();
};
const bringButton = h("button", { type: "button", class: "ui-small-button", "data-testid": "bring", onclick: bring }, say("Add the images of the data in use"));
const addButton = h("button", { type: "button", class: "ui-small-button", "data-testid": "new-class", onclick: () => { const group = newClass(); arrange(); group.field.focus(); } }, markup(props.plus), h("span", {}, say("New class")));

let whose = null;
const draw = () => {
  const value = props.value;
  if (!value) return;
  if (whose !== value.draft) {
    whose = value.draft;
    closeCamera();
    classes = []; undoing = []; undoButton.hidden = true; isNew = false;
    newClass(); newClass();
    arrange();
  }
  bringButton.hidden = !value.dataset;
};
root.append(list, h("div", { class: "ui-class-tools" }, addButton, bringButton, undoButton, said), h("div", { class: "ui-class-foot" }, useButton, why), status);
window.addEventListener("beforeunload", (event) => { if (element.isConnected && isNew && classes.some((group) => group.images.length)) event.preventDefault(); });
draw();
watch("value", draw);
