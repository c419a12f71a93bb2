const root = element.querySelector(".ui-drop");
const status = h("div", { class: "ui-sending", role: "status" });
const { send } = sending(status);
const fileName = say("My files");

const take = (files) => {
  if (!files.length) return;
  const images = imagesOf(files);
  const alone = files.length === 1 && !files[0].path.includes("/") && !images.length;
  const folder = files[0].path.includes("/") ? files[0].path.split("/")[0] : "";
  send(alone ? files : files.map((file) => ({ ...file, packed: true })), `${folder || fileName}.zip`, props.value.most);
};
takesDrops(root, take);
takesPastes(() => props.value?.pastes, take);

const draw = () => {
  const value = props.value || {};
  const field = h("input", { type: "file", hidden: true, multiple: true, accept: value.accept, onchange: (event) => { take(chosenFiles(event.target.files)); event.target.value = ""; } });
  root.setAttribute("aria-label", value.title || "");
  redraw(root, [
    h("span", { class: "ui-drop-icon", "aria-hidden": "true" }, markup(props.sign)),
    h("b", {}, value.title),
    h("span", { class: "ui-drop-buttons" }, field,
      h("button", { type: "button", class: "ui-small-button", "data-focus": "file", onclick: () => field.click() }, value.folders ? say("Choose files") : say("Choose a file")),
      value.folders ? h("button", { type: "button", class: "ui-small-button", "data-focus": "folder", onclick: () => choose({ webkitdirectory: true }, take) }, say("Choose a folder")) : null),
    h("span", { class: "ui-drop-note" }, value.note),
    status,
  ]);
};
draw();
watch("value", draw);
