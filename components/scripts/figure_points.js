// Points in a plane. Places are percentages, so that the plane fits any width and its words keep their size.
const ticksOf = (low, high) => {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) ticks.push(Math.abs(tick) < step / 1e6 ? 0 : tick);
  return ticks;
};
const domainOf = (values) => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - room, high + room];
};

const drawPoints = (figure, item) => {
  const points = [...figure.points].sort((one, other) => one.x - other.x || one.y - other.y);
  if (!points.length) return h("div", { class: "ui-paged-empty" }, say("There are no points."));
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const [xDomain, yDomain] = figure.diagonal ? [domainOf([...xs, ...ys]), domainOf([...xs, ...ys])] : [domainOf(xs), domainOf(ys)];
  const place = (value, [low, high]) => `${((100 * (value - low)) / (high - low)).toFixed(2)}%`;
  const most = Math.max(...points.map((point) => point.count || 1));
  const dot = (point, number) => {
    const where = { x_title: figure.x_title, x: significant(point.x), y_title: figure.y_title, y: significant(point.y) };
    const label = point.count > 1
      ? plural("{x_title} {x}, {y_title} {y}, {n} example", "{x_title} {x}, {y_title} {y}, {n} examples", point.count, where)
      : say("{x_title} {x}, {y_title} {y}", where);
    const size = 9 + 13 * Math.sqrt(((point.count || 1) - 1) / Math.max(1, most - 1));
    return h("button", { ...item(`0-${number}`, point.mark, label), class: "ui-point",
      style: `left:${place(point.x, xDomain)};bottom:${place(point.y, yDomain)};--size:${size.toFixed(1)}px` });
  };
  const lines = (domain, kind, side) => ticksOf(...domain).map((tick) => h("span", { class: `ui-points-${kind}`, style: `${side}:${place(tick, domain)}` }, h("i", {}, significant(tick))));
  return h("div", { class: "ui-points" },
    h("div", { class: "ui-figure-axes" }, say("Upwards: {y_title}. To the right: {x_title}.", figure),
      figure.diagonal ? [" ", say("On the line both are the same.")] : null),
    h("div", { class: `ui-points-plane${figure.diagonal ? " ui-points-diagonal" : ""}`, role: "group", "aria-label": figure.title },
      lines(yDomain, "y", "bottom"), lines(xDomain, "x", "left"), points.map(dot)));
};
