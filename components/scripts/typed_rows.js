const root = element.querySelector(".ui-typed");
const status = h("div", { class: "ui-sending", role: "status" });
const { send } = sending(status);
const FIRST_ROWS = 4;
const body = h("tbody", {});
const head = h("tr", {});
const told = h("span", { class: "ui-drop-note", role: "status" });
const words = h("datalist", { id: `words-${Math.random().toString(36).slice(2)}` });
let titles = []; // of the columns, those that were pasted in addition among them
let whose = null;

const isFilled = (cells) => cells.some((cell) => cell?.trim());
const valuesNow = () => [...body.rows].map((row) => [...row.querySelectorAll("textarea, input")].map((field) => field.value));
const rowsNow = () => valuesNow().filter(isFilled).map((cells) => cells.map((cell) => cell.trim()));
// The browser may keep nothing for pages, or not so much: the rows are on the page all the same.
const store = () => { try { sessionStorage.setItem(`typed-rows-${whose}`, JSON.stringify({ titles, rows: rowsNow() })); } catch { /* as said */ } };
const stored = () => { try { return JSON.parse(sessionStorage.getItem(`typed-rows-${whose}`)); } catch { return null; } };
const asked = (place) => props.value.columns.find((column) => column.title === titles[place]);
const fieldAt = (row, place) => body.rows[row]?.querySelectorAll("textarea, input")[place];

const judge = () => {
  const rows = rowsNow();
  useButton.setAttribute("aria-disabled", String(!rows.length));
  told.textContent = rows.length ? plural("{n} row", "{n} rows", rows.length) : "";
  nextStep(rows.length ? say("Press Use these rows to go on with them.") : "");
  const many = titles.findIndex((title, place) => asked(place)?.many);
  words.replaceChildren(...[...new Set(rows.map((cells) => cells[many]).filter(Boolean))].slice(0, 50).map((word) => h("option", { value: word })));
  store();
};
const changedField = (event) => {
  if (event.target.closest("tr") === body.rows[body.rows.length - 1]) addRow();
  judge();
};
const movedBy = (event) => {
  const row = event.target.closest("tr").sectionRowIndex;
  const place = [...body.rows[row].querySelectorAll("textarea, input")].indexOf(event.target);
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); fieldAt(row + 1, place)?.focus(); }
};
const addRow = (cells = []) => {
  const number = body.rows.length + 1;
  const settings = (title) => ({ "aria-label": `${title}, ${number}`, oninput: changedField, onkeydown: movedBy, onpaste: pasted });
  const cell = (title, place) => {
    const field = asked(place)?.many ? h("input", { type: "text", list: words.id, ...settings(title) }) : h("textarea", { rows: 1, ...settings(title) });
    field.value = cells[place] ?? "";
    return h("td", {}, field);
  };
  body.append(h("tr", {}, titles.map(cell), h("td", { class: "ui-typed-remove" }, h("button", {
    type: "button", class: "ui-icon-button", "aria-label": say("Remove row {number}", { number }), title: say("Remove this row"),
    onclick: (event) => removeRow(event.currentTarget.closest("tr").sectionRowIndex),
  }, markup(props.cross)))));
};
const removeRow = (place) => {
  layOut(valuesNow().filter((cells, at) => at !== place && isFilled(cells)));
  fieldAt(Math.min(place, body.rows.length - 1), 0).focus();
};
const layOut = (rows) => {
  head.replaceChildren(...titles.map((title) => h("th", { scope: "col" }, title)), h("th", {}, h("span", { class: "ui-sr-only" }, say("Remove this row"))));
  body.replaceChildren();
  for (const cells of rows) addRow(cells);
  while (body.rows.length < FIRST_ROWS) addRow();
  addRow();
  judge();
};

// What a spreadsheet copies: tabs between cells, quotation marks round cells with line ends in them.
const cellsOf = (text) => {
  const rows = [[""]];
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    const row = rows.at(-1);
    if (inside && letter === '"' && text[at + 1] === '"') { row[row.length - 1] += '"'; at++; }
    else if (letter === '"' && (inside || row.at(-1) === "")) inside = !inside;
    else if (!inside && letter === "\t") row.push("");
    else if (!inside && (letter === "\n" || letter === "\r")) { if (letter === "\r" && text[at + 1] === "\n") at++; rows.push([""]); }
    else row[row.length - 1] += letter;
  }
  return rows.filter((cells) => cells.some((cell) => cell.trim()));
};
// The first row holds names where each of the asked columns, or one of the pasted ones, is called so.
const namesColumns = (cells) => {
  const known = new Set(props.value.columns.flatMap((column) => [column.key, column.title, ...column.hints]).map((name) => name.toLowerCase()));
  return cells.length > 1 && cells.some((cell) => known.has(cell.trim().toLowerCase())) && new Set(cells).size === cells.length;
};
const pasted = (event) => {
  const text = event.clipboardData.getData("text/plain");
  if (!text.includes("\t") && !text.trim().includes("\n")) return;
  const rows = cellsOf(text);
  if (!rows.length) return;
  event.preventDefault();
  const row = event.target.closest("tr").sectionRowIndex;
  const place = [...body.rows[row].querySelectorAll("textarea, input")].indexOf(event.target);
  const before = valuesNow();
  const isEmpty = !rowsNow().length;
  const names = isEmpty && namesColumns(rows[0]) ? rows.shift() : null;
  const width = Math.max(...rows.map((cells) => cells.length), 0) + (isEmpty ? 0 : place);
  if (names) titles = names.map((name, at) => name.trim() || say("Column {number}", { number: at + 1 }));
  while (titles.length < width) titles.push(say("Column {number}", { number: titles.length + 1 }));
  const start = isEmpty ? 0 : row;
  for (const [at, cells] of rows.entries()) {
    const line = before[start + at] ||= [];
    cells.forEach((cell, by) => { line[(isEmpty ? 0 : place) + by] = cell; });
  }
  layOut(before.filter(isFilled));
};

const quoted = (cell) => `"${String(cell ?? "").replaceAll('"', '""')}"`;
const fileName = say("My rows");
const use = () => {
  const rows = rowsNow();
  if (!rows.length) return;
  const keys = titles.map((title, place) => asked(place)?.key || title);
  const lines = [keys, ...rows].map((cells) => keys.map((key, place) => quoted(cells[place])).join(","));
  const blob = new File([`\ufeff${lines.join("\r\n")}\r\n`], `${fileName}.csv`, { type: "text/csv" });
  send([{ path: blob.name, blob }], blob.name, props.value.most);
};
const useButton = h("button", { type: "button", class: "ui-main-button", "data-testid": "use-rows", onclick: use }, say("Use these rows"));

const draw = () => {
  const value = props.value;
  if (!value) return;
  const now = `${value.draft} ${value.columns.map((column) => column.key)}`;
  if (whose === now) return;
  whose = now;
  const kept = stored();
  titles = kept?.titles || value.columns.map((column) => column.title);
  layOut(kept?.rows || []);
};
root.append(h("p", { class: "ui-drop-note" }, say("Type an example in each row, or copy rows in your spreadsheet and paste them into the first cell.")),
  h("div", { class: "ui-typed-scroll" }, h("table", {}, h("thead", {}, head), body)), words, h("div", { class: "ui-class-foot" }, useButton, told), status);
draw();
watch("value", draw);
