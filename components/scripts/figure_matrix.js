// A matrix of counts, [row][column], each cell shaded by its share of the row; the diagonal in another colour.
// A shade is one of eleven steps, right or wrong, kept as custom properties on the root: light and dark differ
// in these alone, so a matrix of thousands of cells is not drawn again when the colours change.
// Numbers are black or white, whichever stands out more: the better of the two never falls below 4.58:1.
const LEVELS = 10;
const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const numbersOf = (name) => cssColor(name).split(/[\s,]+/).map(Number);
const paintMatrix = (root) => {
  const surface = numbersOf("--matrix-surface");
  for (const kind of ["right", "wrong"]) {
    const full = numbersOf(`--matrix-${kind}`);
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

const drawMatrix = (figure, item) => {
  const { labels, counts, marks } = figure;
  const sums = counts.map((row) => row.reduce((total, part) => total + part, 0));
  const cell = (row, column) => {
    const count = counts[row][column];
    const label = say("'{label}' predicted as '{answer}': {count} of {total}", { label: labels[row], answer: labels[column], count: grouped(count), total: grouped(sums[row]) });
    return h("td", {}, h("button", {
      ...item(`${row}-${column}`, count ? marks[row][column] : null, label), class: count ? null : "ui-cell-empty",
      style: count ? shade(count / sums[row], row === column ? "right" : "wrong") : null,
    }, count ? grouped(count) : "·"));
  };
  const heading = (label, scope) => h("th", { scope, title: label }, h("span", {}, label));
  const axes = { rows: figure.row_title || say("Correct"), columns: figure.column_title || say("Predicted") };
  return h("div", { class: "ui-matrix" },
    h("div", { class: "ui-figure-axes" }, say("Rows: {rows}. Columns: {columns}.", axes)),
    h("div", { class: `ui-matrix-scroll${labels.length > 12 ? " ui-matrix-many" : ""}` }, h("table", {},
      h("thead", {}, h("tr", {}, h("td", { class: "ui-matrix-corner" }), labels.map((label) => heading(label, "col")))),
      h("tbody", {}, labels.map((label, row) => h("tr", {}, heading(label, "row"), labels.map((_, column) => cell(row, column))))))));
};
