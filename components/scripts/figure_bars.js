// Bars with their numbers: lying under each other, or upright side by side in their order (a histogram).
const drawBars = (figure, item) => {
  const bars = figure.bars;
  const most = Math.max(...bars.map((bar) => Math.abs(bar.value)), 1e-12);
  const told = (bar) => bar.text || (Number.isInteger(bar.value) ? grouped(bar.value) : significant(bar.value, 3));
  const markOf = (bar) => (bar.value ? bar.mark : null); // behind an empty bar there is nothing
  const share = (bar) => `${((100 * Math.abs(bar.value)) / most).toFixed(2)}%`;
  if (!figure.upright) {
    return h("div", { class: "ui-figure-bars" }, bars.map((bar, number) => h("button", { ...item(`${number}-0`, markOf(bar)), class: "ui-figure-bar" },
      h("span", { class: "ui-bar-label", title: bar.title }, bar.title),
      h("span", { class: "ui-bar-track", "aria-hidden": "true" }, h("span", { class: "ui-bar-fill ui-bar-value", style: `width:${share(bar)}` })),
      h("span", { class: "ui-bar-number" }, told(bar)))));
  }
  const every = Math.ceil(bars.length / 8); // so many titles have room side by side
  return h("div", { class: "ui-figure-columns" }, bars.map((bar, number) => h("button", {
    ...item(`0-${number}`, markOf(bar), `${bar.title}: ${told(bar)}`), class: "ui-figure-column" },
  h("span", { class: "ui-column-room" }, h("span", { class: "ui-column-fill", style: `height:${share(bar)}` })),
  h("span", { class: "ui-column-title" }, number % every ? "" : bar.title))));
};
