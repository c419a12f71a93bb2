const root = element.querySelector(".ui-confusion");
let chosen = null;

// Text must stand at 4.5:1 or more on every shade, so the darker or lighter ink is taken by what it measures.
const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const contrast = (one, other) => (Math.max(light(one), light(other)) + 0.05) / (Math.min(light(one), light(other)) + 0.05);
const numbers = (name) => cssColor(name).split(/[\s,]+/).map(Number);
const INKS = [[255, 255, 255], [20, 22, 34]];
const shade = (share, right, palette) => {
  const full = right ? palette.right : palette.wrong;
  const strength = share === 0 ? 0 : 0.1 + 0.9 * share;
  const mixed = palette.surface.map((value, at) => Math.round(value + (full[at] - value) * strength));
  const ink = INKS.reduce((best, candidate) => (contrast(candidate, mixed) > contrast(best, mixed) ? candidate : best));
  return share === 0 ? "" : `background:rgb(${mixed.join(",")});color:rgb(${ink.join(",")})`;
};

const move = (event, row, column, size) => {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  const wrap = (at) => Math.min(size - 1, Math.max(0, at));
  const target = root.querySelector(`[data-focus="${wrap(row + step[0])}-${wrap(column + step[1])}"]`);
  if (!target) return;
  root.querySelectorAll("td button[tabindex='0']").forEach((other) => { other.tabIndex = -1; });
  target.tabIndex = 0;
  target.focus();
};

const draw = () => {
  const value = props.value || {};
  const labels = value.labels || [];
  if (!labels.length) { redraw(root, h("div", { class: "ui-paged-empty" }, props.nothing)); return; }
  const palette = { surface: numbers("--confusion-surface"), right: numbers("--confusion-right"), wrong: numbers("--confusion-wrong") };
  const cell = (row, column) => {
    const count = value.counts[row][column];
    const sum = value.counts[row].reduce((total, part) => total + part, 0);
    const share = sum ? count / sum : 0;
    const words = `${grouped(count)} of ${grouped(sum)} "${labels[row]}" taken for "${labels[column]}"`;
    return h("td", {}, h("button", {
      type: "button", tabindex: row + column ? "-1" : "0", "data-focus": `${row}-${column}`,
      style: shade(share, row === column, palette), "aria-label": words, title: words,
      class: count ? "" : "ui-cell-empty", "aria-disabled": count ? null : "true",
      "aria-pressed": count ? String(chosen === `${row}-${column}`) : null,
      onkeydown: (event) => move(event, row, column, labels.length),
      onclick: () => {
        if (!count) return;
        chosen = `${row}-${column}`;
        root.querySelectorAll("button[aria-pressed]").forEach((other) => other.setAttribute("aria-pressed", String(other.dataset.focus === chosen)));
        trigger("select", { true: row, predicted: column });
      },
    }, count ? grouped(count) : "·"));
  };
  const scroll = root.querySelector(".ui-confusion-scroll");
  const place = scroll ? [scroll.scrollLeft, scroll.scrollTop] : null;
  redraw(root, [
    h("div", { class: "ui-confusion-axis" }, `Rows: ${value.row_title || "true"}. Columns: ${value.column_title || "predicted"}.`),
    h("div", { class: `ui-confusion-scroll${labels.length > 12 ? " ui-confusion-many" : ""}` }, h("table", {},
      h("thead", {}, h("tr", {}, h("td", { class: "ui-confusion-corner" }), labels.map((label) => h("th", { scope: "col", title: label }, h("span", {}, label))))),
      h("tbody", {}, labels.map((label, row) => h("tr", {}, h("th", { scope: "row", title: label }, h("span", {}, label)), labels.map((_, column) => cell(row, column))))))),
  ]);
  if (place) root.querySelector(".ui-confusion-scroll").scrollTo(...place);
};
draw();
watch("value", () => { chosen = null; draw(); });
onThemeChange(draw);
