// The browser holds all rows: they are few, and are searched, sorted and unfolded here.
const root = element.querySelector(".ui-choice");
const unfolded = new Set(); // titles of groups
let sorted = null; // {key, up}

const search = h("input", {
  type: "search", class: "ui-paged-filter", placeholder: props.find, "aria-label": props.find, "data-focus": "find",
  oninput: () => draw(),
});
const said = h("span", { class: "ui-choice-count", role: "status" });

const choose = (row, event) => {
  if (row.disabled || event?.target.closest(".ui-term")) return;
  props.value = { ...props.value, selected: row.key };
  draw();
  trigger("select", { key: row.key });
};

const found = (row) => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [row.key, row.title, markup(row.words).textContent, markup(row.text).textContent, row.group.title].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
};

const inOrder = (rows) => {
  if (!sorted) return rows;
  const worth = (row) => (sorted.key ? row.cells?.[sorted.key]?.sort ?? null : row.title);
  const compare = (one, other) => (typeof one === "string" ? one.localeCompare(other, readersLanguage) : one - other);
  return [...rows].sort((one, other) => {
    const [a, b] = [worth(one), worth(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    return sorted.up ? compare(a, b) : compare(b, a);
  });
};

const sortBy = (key) => {
  sorted = { key, up: sorted?.key === key ? !sorted.up : true };
  draw();
};

const notesOf = (notes) => (notes?.length ? h("span", { class: "ui-choice-text" }, markup(notes.join(" "))) : null);

const line = (row, columns, extra) => {
  const chosen = row.key === props.value.selected;
  const name = h("button", {
    type: "button", class: "ui-choice-name", "aria-pressed": String(chosen), "aria-disabled": row.disabled ? "true" : null,
    "data-focus": row.key, "data-testid": `choice-${row.key}`, onclick: (event) => { event.stopPropagation(); choose(row); },
  }, h("span", { class: "ui-choice-tick", "aria-hidden": "true" }, markup(props.tick)), h("b", {}, row.title));
  const words = row.words ? h("span", { class: "ui-choice-words" }, say("{title}: {words}", { title: "", words: "" }), markup(row.words)) : null;
  return h("tr", { role: "row", class: `ui-choice-row${chosen ? " ui-choice-chosen" : ""}${row.disabled ? " ui-choice-off" : ""}`, onclick: (event) => choose(row, event) },
    h("th", { scope: "row", role: "rowheader" }, name, words, h("span", { class: "ui-choice-text" }, markup(row.text)),
      notesOf([...(row.notes || []), ...extra]),
      row.disabled ? h("span", { class: "ui-card-reason" }, row.disabled) : null),
    columns.map((column) => h("td", { role: "cell", class: "ui-kind-number", "data-title": column.title }, row.cells?.[column.key]?.text || "–")));
};

const groupOf = (group, columns) => {
  const open = unfolded.has(group.title);
  const shown = open ? group.rows : group.rows.filter((row, index) => index === 0 || row.key === props.value.selected);
  const more = group.rows.length - shown.length;
  const fold = () => { if (!unfolded.delete(group.title)) unfolded.add(group.title); draw(); };
  return h("tbody", { role: "rowgroup" },
    h("tr", { role: "row", class: "ui-choice-group" }, h("th", { scope: "rowgroup", role: "rowheader", colspan: columns.length + 1 },
      h("b", {}, group.title), h("span", { class: "ui-choice-text" }, markup(group.text)), notesOf(group.notes))),
    shown.map((row) => line(row, columns, [])),
    group.rows.length > 1 && (more || open) ? h("tr", { role: "row", class: "ui-choice-more" }, h("td", { role: "cell", colspan: columns.length + 1 },
      h("button", { type: "button", class: "ui-link", "data-focus": `fold-${group.title}`, "aria-expanded": String(open), "aria-label": `${open ? say("Show fewer") : plural("Show {n} more", "Show {n} more", more)}: ${group.title}`, onclick: fold },
        open ? say("Show fewer") : plural("Show {n} more", "Show {n} more", more)))) : null);
};

const head = (key, title, number) => h("th", { scope: "col", role: "columnheader", class: number ? "ui-kind-number" : null, "aria-sort": sorted && sorted.key === key ? (sorted.up ? "ascending" : "descending") : "none" },
  h("button", { type: "button", class: "ui-choice-sort", "data-focus": `sort-${key}`, onclick: () => sortBy(key) }, title,
    h("span", { "aria-hidden": "true" }, sorted && sorted.key === key ? (sorted.up ? " ↑" : " ↓") : " ↕")));

const draw = () => {
  const value = props.value;
  if (!value?.groups?.length) { redraw(root, []); return; }
  const columns = value.columns || [];
  const flat = sorted || search.value.trim();
  const rows = flat ? inOrder(value.groups.flatMap((group) => group.rows.map((row) => ({ ...row, group }))).filter(found)) : [];
  said.textContent = flat ? plural("{n} found", "{n} found", rows.length) : "";
  const bodies = flat ? [h("tbody", { role: "rowgroup" }, rows.map((row) => line(row, columns, row.notes?.length ? [] : row.group.notes || [])))] : value.groups.map((group) => groupOf(group, columns));
  const tools = h("div", { class: "ui-choice-tools" }, search, said,
    sorted ? h("button", { type: "button", class: "ui-link", "data-focus": "groups", onclick: () => { sorted = null; draw(); } }, props.in_groups) : null);
  const place = search.selectionStart;
  redraw(root, [tools, h("div", { class: "ui-table-scroll", tabindex: "0", role: "region", "aria-label": value.label },
    h("table", { role: "table", class: "ui-table ui-choice-table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head("", value.title, false), columns.map((column) => head(column.key, column.title, true)))), bodies)),
  flat && !rows.length ? h("div", { class: "ui-paged-empty" }, say("No row matches.")) : null]);
  if (document.activeElement === search) search.setSelectionRange(place, place);
};
draw();
watch("value", draw);
