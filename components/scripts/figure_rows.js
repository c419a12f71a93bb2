// A small table whose rows can be chosen; the first cell of such a row is a button, for keys and screen readers.
const drawRows = (figure, item) => {
  const kindOf = (column) => (column.kind === "number" ? "number" : "text");
  const cell = (row, column, index, at) => {
    const value = row[column.key] ?? "";
    if (index) return h("td", { class: `ui-kind-${kindOf(column)}` }, value);
    return h("th", { scope: "row", class: `ui-kind-${kindOf(column)}` }, row.mark ? h("button", { ...item(at, row.mark), class: "ui-row-choice" }, value) : value);
  };
  let place = 0;
  const line = (row) => {
    const at = row.mark ? `${place++}-0` : "";
    return h("tr", { "data-mark": row.mark || null }, figure.columns.map((column, index) => cell(row, column, index, at)));
  };
  return h("div", { class: "ui-table-scroll ui-table-whole", tabindex: "0", role: "region", "aria-label": figure.title }, h("table", { class: "ui-table" },
    h("thead", {}, h("tr", {}, figure.columns.map((column) => h("th", { scope: "col", class: `ui-kind-${kindOf(column)}` }, column.title)))),
    h("tbody", {}, figure.rows.map(line))));
};
