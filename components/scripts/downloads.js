const root = element.querySelector(".ui-downloads");
let started = 0; // when the last file was made whose download began by itself

const draw = () => {
  const { links = [], start = "", made = 0 } = props.value || {};
  redraw(root, links.map((link) => h("a", { class: "download-link", href: link.url, download: link.name, "data-focus": link.name }, link.words)));
  if (!start || made === started) return;
  started = made;
  [...root.querySelectorAll("a")].find((each) => each.download === start)?.click();
};
draw();
watch("value", draw);
