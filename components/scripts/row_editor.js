const root = element.querySelector(".ui-row-editor");
const number = Math.random().toString(36).slice(2);
const words = h("datalist", { id: `choices-${number}` });
const body = h("tbody", {});
let drawn = null; // the rows as they stand, as JSON

const rowsNow = () => [...body.rows].map((row) => [...row.querySelectorAll("input")].map((field) => field.value.trim()));
const keep = () => {
  const rows = rowsNow().filter((cells) => cells.some(Boolean));
  drawn = JSON.stringify(rows);
  props.value = { ...props.value, rows };
};
const fieldOf = (column, place, cells, row) => {
  const field = h("input", {
    type: "text", "aria-label": `${column.title}, ${row + 1}`, autocomplete: "off", oninput: keep,
    ...(column.kind === "number" ? { inputmode: "decimal" } : { list: words.id }),
  });
  field.value = cells[place] ?? "";
  return h("td", {}, field);
};
const removeRow = (row) => {
  layOut(rowsNow().filter((cells, at) => at !== row));
  keep();
  (body.rows[Math.min(row, body.rows.length - 1)]?.querySelector("input") || addButton).focus();
};
const layOut = (rows) => body.replaceChildren(...rows.map((cells, row) => h("tr", {},
  props.columns.map((column, place) => fieldOf(column, place, cells, row)),
  h("td", { class: "ui-typed-remove" }, h("button", {
    type: "button", class: "ui-icon-button", "aria-label": say("Remove row {number}", { number: row + 1 }), title: say("Remove this row"), onclick: () => removeRow(row),
  }, markup(props.cross))))));
const addRow = () => {
  layOut([...rowsNow(), []]);
  body.rows[body.rows.length - 1].querySelector("input").focus();
};
const addButton = h("button", { type: "button", class: "ui-small-button", "data-testid": "add-row", onclick: addRow }, markup(props.plus), h("span", {}, props.add));
root.setAttribute("role", "group");
root.setAttribute("aria-labelledby", `title-${number}`);
root.setAttribute("aria-describedby", `note-${number}`);
root.append(
  h("div", {}, h("span", { class: "ui-row-editor-title", id: `title-${number}` }, props.rows_title), h("p", { class: "ui-drop-note", id: `note-${number}` }, props.note)),
  h("div", { class: "ui-typed-scroll" }, h("table", {}, h("thead", {}, h("tr", {},
    props.columns.map((column) => h("th", { scope: "col" }, column.title)), h("th", {}, h("span", { class: "ui-sr-only" }, say("Remove this row"))))), body)),
  h("div", { class: "ui-class-tools" }, addButton), words);

const draw = () => {
  const value = props.value || {};
  const rows = JSON.stringify(value.rows || []);
  words.replaceChildren(...(value.choices || []).map((word) => h("option", { value: word })));
  if (rows === drawn) return;
  drawn = rows;
  layOut(value.rows || []);
};
draw();
watch("value", draw);
