const root = element.querySelector(".ui-comparison");
const place = h("div", { class: "ui-comparison-plot" });
const heading = h("h3", {});
const legend = h("div", { class: "ui-chart-legend" });
const nothing = h("div", { class: "ui-paged-empty" }, props.nothing);
root.append(h("div", { class: "ui-live-head" }, heading, legend), nothing, place);
const hidden = new Set();
const DASHES = ["solid", "dash", "dot"];
const color = (index) => cssColor(`--chart-${(index % 8) + 1}`);
const dashOf = (curve, index) => (DASHES.includes(curve.dash) ? curve.dash : DASHES[Math.floor(index / 8) % 3]);
const ending = (curve) => {
  const last = curve.points?.at?.(-1);
  return last ? say("{curve} ends at {value}", { curve: curve.name, value: props.value.percent ? inPercent(last[1], 1) : significant(last[1], 3) }) : say("{curve} has no points", { curve: curve.name });
};

const draw = async () => {
  const value = props.value || {};
  const curves = value.series || [];
  heading.textContent = value.title || "";
  nothing.hidden = curves.length > 0;
  place.hidden = curves.length === 0;
  redraw(legend, curves.map((curve, index) => {
    const swatch = h("i", { class: `ui-line ui-line-${dashOf(curve, index)}`, "aria-hidden": "true" });
    swatch.style.color = color(index);
    return h("button", { type: "button", "data-focus": String(index), "aria-pressed": String(!hidden.has(curve.name)), onclick: () => {
      if (!hidden.delete(curve.name)) hidden.add(curve.name);
      draw();
    } }, swatch, h("span", {}, curve.name));
  }));
  place.setAttribute("role", "img");
  const title = value.title || say("Curves");
  place.setAttribute("aria-label", say("{title}: {words}", { title, words: listed(curves.map(ending)) }));
  if (!curves.length) return;
  const library = await plotly();
  if (!library) return;
  // plotly reads a small set of tags in names, so what could be one is spelled out.
  const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const traces = curves.map((curve, index) => {
    const [x, y] = [0, 1].map((at) => curve.points.map((point) => point[at]));
    const drawn = curve.stretch ? Series.smoothed(y, Series.USUAL ** curve.stretch) : y;
    return runCurve(x, drawn, plain(curve.name), color(index), { marked: !curve.stretch && x.length < 40, percent: value.percent, dash: dashOf(curve, index), visible: !hidden.has(curve.name) });
  });
  const small = (text) => ({ text: plain(text || ""), font: { size: 11, color: cssColor("--body-text-color-subdued") }, standoff: 8 });
  const fresh = !place.data;
  await library.react(place, traces, plainLayout({ xaxis: axis({ title: small(value.x_title) }), yaxis: axis({ title: small(value.y_title), ...(value.percent ? PERCENT_AXIS : {}) }) }), PLOT_CONFIG);
  if (fresh) { followSize(place); place.on("plotly_hover", ({ points }) => tellStep(points[0].x)); place.on("plotly_unhover", () => tellStep(null)); }
};
// The charts of one comparison show the same step.
let isTold = false;
const tellStep = (step) => { if (!isTold) document.dispatchEvent(new CustomEvent("studio-step", { detail: { step, from: element } })); };
document.addEventListener("studio-step", function onStep({ detail }) {
  if (!element.isConnected) { document.removeEventListener("studio-step", onStep); return; }
  if (detail.from === element || !place.data || place.offsetParent === null) return;
  isTold = true;
  if (detail.step === null) window.Plotly.Fx.unhover(place); else window.Plotly.Fx.hover(place, { xval: detail.step }, ["xy"]);
  isTold = false;
});
draw();
watch("value", draw);
onThemeChange(draw);
