// Draws each figure by its chart and reports which mark is chosen. Items say where they are ("row-column" in data-at),
// so that arrow keys find the next one; figures_*.js draw.
const root = element.querySelector(".ui-figures");
const CHARTS = { matrix: drawMatrix, points: drawPoints, line: drawLine, bars: drawBars, rows: drawRows };
let drawn = "";

// What makes a node an item of figure `number`: its place, and its mark if it can be chosen.
const itemOf = (number) => (at, mark, label) => ({
  type: "button", "data-at": at, "data-focus": `${number}:${at}`, "data-mark": mark || null, tabindex: "-1",
  "aria-label": label || null, "aria-disabled": mark ? null : "true", "aria-pressed": mark ? "false" : null,
});

const showChosen = () => {
  const chosen = props.value?.chosen;
  for (const item of root.querySelectorAll("[aria-pressed]")) item.setAttribute("aria-pressed", String(Boolean(chosen) && item.dataset.mark === chosen));
  for (const figure of root.querySelectorAll(".ui-figure")) {
    const items = [...figure.querySelectorAll("[data-at]")];
    const entry = items.find((item) => item === document.activeElement) || items.find((item) => item.getAttribute("aria-pressed") === "true") || items[0];
    for (const item of items) item.tabIndex = item === entry ? 0 : -1;
  }
};

const draw = () => {
  const figures = props.value?.figures || [];
  const now = JSON.stringify(figures);
  if (now !== drawn) { // what is chosen changes often, the figures seldom
    drawn = now;
    redraw(root, figures.length ? figures.map((figure, number) => h("div", { class: "ui-figure" },
      h("h3", {}, figure.title), CHARTS[figure.chart](figure, itemOf(number)))) : h("div", { class: "ui-paged-empty" }, props.nothing));
  }
  showChosen();
};

root.addEventListener("click", (event) => {
  const mark = event.target.closest("[data-mark]")?.dataset.mark;
  if (!mark) return;
  props.value = { ...props.value, chosen: mark };
  showChosen();
  trigger("select", { mark });
  reveal(props.opens);
});
root.addEventListener("keydown", (event) => {
  const item = event.target.closest("[data-at]");
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  if (!item || !step) return;
  event.preventDefault();
  const [row, column] = item.dataset.at.split("-").map(Number);
  const target = item.closest(".ui-figure").querySelector(`[data-at="${row + step[0]}-${column + step[1]}"]`);
  if (!target) return;
  item.tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
});
// In a table the whole row can be clicked, and in a matrix a cell says on hover what it says to screen readers.
root.addEventListener("mouseover", (event) => {
  const item = event.target.closest("[data-at][aria-label]");
  if (item) item.title = item.getAttribute("aria-label");
});

paintMatrix(root);
draw();
watch("value", draw);
onThemeChange(() => paintMatrix(root));
