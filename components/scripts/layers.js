const root = element.querySelector(".ui-layer-strip");
const STATES = {
  frozen: [say("frozen: stays as it is"), props.ice],
  trained: [say("learns: its weights change"), props.spark],
  adapted: [say("in part: small weights in it learn"), props.part],
};
const stateOf = (layer) => (layer.state in STATES ? layer.state : "frozen");

let before = []; // the states that were drawn last
const draw = () => {
  const layers = props.value?.layers || [];
  const used = Object.keys(STATES).filter((state) => layers.some((layer) => stateOf(layer) === state));
  redraw(root, [
    h("ol", { class: "ui-layers", "aria-label": say("Layers of the model, from input to output") }, layers.map((layer, index) => h("li", {
      class: `ui-layer ui-layer-${stateOf(layer)}${before.length === layers.length && before[index] !== stateOf(layer) ? " ui-layer-new" : ""}`, title: layer.note || null, style: `--at: ${index}`,
    }, markup(STATES[stateOf(layer)][1]), h("span", { class: "ui-layer-title" }, layer.title),
    h("span", { class: "ui-layer-note" }, layer.note || ""),
    h("span", { class: "ui-sr-only" }, STATES[stateOf(layer)][0])))),
    h("div", { class: "ui-layer-legend" }, used.map((state) => h("span", {},
      h("i", { class: `ui-layer-swatch ui-layer-${state}`, "aria-hidden": "true" }), STATES[state][0]))),
  ]);
  before = layers.map(stateOf);
};
draw();
watch("value", draw);
// Frozen layers light up as examples pass through them, learning ones glow while they learn.
if (props.follows) document.addEventListener("studio-doing", function onDoing({ detail }) {
  if (!element.isConnected) { document.removeEventListener("studio-doing", onDoing); return; }
  root.dataset.doing = detail.doing;
  root.style.setProperty("--share", detail.share ?? 0);
});
