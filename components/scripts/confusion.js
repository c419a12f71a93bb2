const root = element.querySelector(".ui-confusion");
let chosen = null;

// A shade is one of eleven steps, right or wrong, kept as custom properties on the root: light and dark differ
// in these alone, so a matrix of thousands of cells is not drawn again when the colours change.
// Numbers are black or white, whichever stands out more: the better of the two never falls below 4.58:1.
const LEVELS = 10;
const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const numbers = (name) => cssColor(name).split(/[\s,]+/).map(Number);
const paint = () => {
  const surface = numbers("--confusion-surface");
  for (const kind of ["right", "wrong"]) {
    const full = numbers(`--confusion-${kind}`);
    for (let level = 0; level <= LEVELS; level += 1) {
      const strength = 0.1 + (0.9 * level) / LEVELS;
      const mixed = surface.map((value, at) => Math.round(value + (full[at] - value) * strength));
      const onWhite = 1.05 / (light(mixed) + 0.05);
      const onBlack = (light(mixed) + 0.05) / 0.05;
      root.style.setProperty(`--${kind}-${level}`, `rgb(${mixed.join(",")})`);
      root.style.setProperty(`--${kind}-${level}-ink`, onWhite > onBlack ? "#fff" : "#000");
    }
  }
};
const shade = (share, kind) => {
  const level = Math.round(share * LEVELS);
  return `background:var(--${kind}-${level});color:var(--${kind}-${level}-ink)`;
};

const place = (button) => button.dataset.focus.split("-").map(Number);
const open = (button) => {
  if (!button || button.getAttribute("aria-disabled")) return;
  root.querySelector("button[aria-pressed=true]")?.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", "true");
  chosen = button.dataset.focus;
  const [row, column] = place(button);
  trigger("select", { true: row, predicted: column });
};
root.addEventListener("click", (event) => open(event.target.closest("td button")));
root.addEventListener("keydown", (event) => {
  const button = event.target.closest("td button");
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  if (!button || !step) return;
  event.preventDefault();
  const [row, column] = place(button);
  const target = root.querySelector(`[data-focus="${row + step[0]}-${column + step[1]}"]`);
  if (!target) return;
  root.querySelector("td button[tabindex='0']").tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
});
root.addEventListener("mouseover", (event) => {
  const button = event.target.closest("td button");
  if (button) button.title = button.getAttribute("aria-label");
});

const draw = () => {
  const value = props.value || {};
  const labels = value.labels || [];
  if (!labels.length) { redraw(root, h("div", { class: "ui-paged-empty" }, props.nothing)); return; }
  const sums = value.counts.map((counts) => counts.reduce((total, part) => total + part, 0));
  const cell = (row, column) => {
    const count = value.counts[row][column];
    return h("td", {}, h("button", {
      type: "button", tabindex: row + column ? "-1" : "0", "data-focus": `${row}-${column}`,
      style: count ? shade(count / sums[row], row === column ? "right" : "wrong") : null,
      "aria-label": `${grouped(count)} of ${grouped(sums[row])} "${labels[row]}" taken for "${labels[column]}"`,
      class: count ? null : "ui-cell-empty", "aria-disabled": count ? null : "true",
      "aria-pressed": count ? String(chosen === `${row}-${column}`) : null,
    }, count ? grouped(count) : "·"));
  };
  redraw(root, [
    h("div", { class: "ui-confusion-axis" }, `Rows: ${value.row_title || "true"}. Columns: ${value.column_title || "predicted"}.`),
    h("div", { class: `ui-confusion-scroll${labels.length > 12 ? " ui-confusion-many" : ""}` }, h("table", {},
      h("thead", {}, h("tr", {}, h("td", { class: "ui-confusion-corner" }), labels.map((label) => h("th", { scope: "col", title: label }, h("span", {}, label))))),
      h("tbody", {}, labels.map((label, row) => h("tr", {}, h("th", { scope: "row", title: label }, h("span", {}, label)), labels.map((_, column) => cell(row, column))))))),
  ]);
};
paint();
draw();
watch("value", () => { chosen = null; draw(); });
onThemeChange(paint);
