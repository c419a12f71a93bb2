// A curve in a square from 0 to 1 both ways, the places on it that matter, and what chance alone would give.
const drawLine = (figure) => {
  const percent = (value) => `${(100 * value).toFixed(2)}%`;
  const svg = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const picture = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  const line = (points, kind) => picture.append(svg("polyline", {
    class: kind, fill: "none", "vector-effect": "non-scaling-stroke",
    points: points.map((point) => `${(100 * point.x).toFixed(3)},${(100 - 100 * point.y).toFixed(3)}`).join(" "),
  }));
  const chance = figure.level == null ? [{ x: 0, y: 0 }, { x: 1, y: 1 }] : [{ x: 0, y: figure.level }, { x: 1, y: figure.level }];
  line(chance, "ui-line-chance");
  line(figure.points, "ui-line-curve");
  const places = (figure.places || []).map((place, number) => h("span", { class: `ui-line-place ui-line-place-${number}`,
    style: `left:${percent(place.x)};bottom:${percent(place.y)}` }));
  const ticks = (kind, side) => [0, 0.2, 0.4, 0.6, 0.8, 1].map((tick) => h("span", { class: `ui-points-${kind}`, style: `${side}:${percent(tick)}` }, h("i", {}, inPercent(tick))));
  const listed = (figure.places || []).map((place, number) => h("span", {}, h("i", { class: `ui-swatch ui-line-swatch-${number}`, "aria-hidden": "true" }), place.title));
  const chanceSaid = h("span", {}, h("i", { class: "ui-swatch ui-line-swatch-chance", "aria-hidden": "true" }), figure.reference || say("By chance"));
  return h("div", { class: "ui-points" },
    h("div", { class: "ui-figure-axes" }, say("Upwards: {y_title}. To the right: {x_title}.", figure)),
    h("div", { class: "ui-points-plane ui-line-plane", role: "img", "aria-label": figure.title }, ticks("y", "bottom"), ticks("x", "left"), picture, places),
    h("div", { class: "ui-chart-legend ui-line-legend" }, listed, chanceSaid));
};
