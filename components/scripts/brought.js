// What people drop, choose or paste: files with their paths, those of dropped folders among them.
const isHidden = (path) => path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX" || part === "Thumbs.db");
const entryFiles = (entry, below) => new Promise((resolve, reject) => {
  const path = `${below}${entry.name}`;
  if (entry.isFile) { entry.file((blob) => resolve([{ path, blob }]), reject); return; }
  const reader = entry.createReader();
  const found = [];
  const more = () => reader.readEntries(async (entries) => {
    if (!entries.length) { resolve(found); return; }
    for (const each of entries) found.push(...await entryFiles(each, `${path}/`));
    more();
  }, reject);
  more();
});
const filesOf = async (transfer) => {
  // the entries have to be asked for before anything is waited for: afterwards the transfer is empty
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() || item.getAsFile());
  const found = [];
  for (const entry of entries) found.push(...(entry instanceof File ? [{ path: entry.name, blob: entry }] : entry ? await entryFiles(entry, "") : []));
  return found.filter(({ path }) => !isHidden(path));
};
const chosenFiles = (list) => [...list].map((blob) => ({ path: blob.webkitRelativePath || blob.name, blob })).filter(({ path }) => !isHidden(path));
const IMAGE_NAME = /\.(jpe?g|jfif|png|webp|bmp|gif|tiff?)$/i;
const imagesOf = (entries) => entries.filter(({ path, blob }) => blob.type.startsWith("image/") || IMAGE_NAME.test(path));
// The system's dialog. asked: attributes of the field.
const choose = (asked, then) => {
  const field = h("input", { type: "file", ...asked });
  field.addEventListener("change", () => then(chosenFiles(field.files)));
  field.click();
};
// What is dropped on a place, which is marked meanwhile.
const takesDrops = (place, then) => {
  const hasFiles = (event) => [...event.dataTransfer.types].includes("Files");
  const mark = (event) => { if (!hasFiles(event)) return; event.preventDefault(); event.stopPropagation(); place.classList.add("ui-drop-over"); };
  place.addEventListener("dragenter", mark);
  place.addEventListener("dragover", mark);
  place.addEventListener("dragleave", (event) => { if (!place.contains(event.relatedTarget)) place.classList.remove("ui-drop-over"); });
  place.addEventListener("drop", async (event) => {
    place.classList.remove("ui-drop-over");
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    then(await filesOf(event.dataTransfer));
  });
};
// Files that are pasted anywhere on the page while the component can be seen. wanted: whether it takes them now.
const takesPastes = (wanted, then) => {
  const listen = (event) => {
    if (!element.isConnected) { document.removeEventListener("paste", listen); return; }
    if (event.defaultPrevented || !wanted() || !element.checkVisibility() || event.target.closest?.("input, textarea")) return;
    const files = [...event.clipboardData.files].map((blob) => ({ path: blob.name || "pasted.png", blob }));
    if (!files.length) return;
    event.preventDefault();
    then(files);
  };
  document.addEventListener("paste", listen);
};
