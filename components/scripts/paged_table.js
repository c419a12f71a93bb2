const root = element.querySelector(".ui-paged");
let start = 0;
let filter = "";
let picked = {}; // by filter, what is chosen of its list
let sort = null; // the key of the column by which the rows are sorted
let reversed = false;
let message = null;
let asked = 0; // the number of the latest question: an answer to an older one is thrown away
let failure = "";
let chosen = null;
let again = null; // the timer of a page that is not complete yet

const ask = async (from) => {
  clearTimeout(again);
  if (!props.value) { message = null; draw(); return; }
  const question = ++asked;
  root.setAttribute("aria-busy", "true");
  try {
    const answer = await server.fetch_page({ ...props.value, start: from, count: props.rows_per_page, filter, chosen: picked, sort, reversed });
    if (question !== asked) return;
    // Gradio's client answers nothing, rather than failing, when the server is away or its function raised.
    if (!answer) throw new Error("no answer");
    start = from; message = answer; failure = ""; chosen = null;
    if (answer.again) again = setTimeout(() => { if (element.isConnected) ask(from); }, answer.again * 1000);
  } catch (error) {
    if (question !== asked) return;
    failure = say("These rows could not be read just now.");
    console.warn("A page of rows could not be read", error);
  }
  root.removeAttribute("aria-busy");
  draw();
};

const image = (cell) => {
  const given = cell && typeof cell === "object" ? cell : { src: cell, alt: "" };
  if (!given.src) return "";
  return h("img", { src: given.src, alt: given.alt || "", "data-large": given.large || null, loading: "lazy", decoding: "async" });
};
// Images are enlarged by a press; where a press chooses the row, by a sign on the image, or by Shift and Enter.
const seen = () => [...root.querySelectorAll(".ui-kind-image > *, .ui-gallery-image > *")].filter((each) => each.querySelector("img"));
const enlargeIn = (holder) => {
  const holders = seen();
  const items = holders.map((each) => ({ caption: each.querySelector("img").alt, node: () => enlarged(each.querySelector(".ui-framed, img")) }));
  enlarge(items, holders.indexOf(holder), (place) => (props.selectable ? holders[place].closest("[tabindex]") : holders[place]));
};
const enlargeable = (shown) => {
  if (!(shown instanceof Node) || !(shown.matches("img") || shown.querySelector("img"))) return shown;
  if (!props.selectable) {
    const alt = (shown.matches("img") ? shown : shown.querySelector("img")).alt;
    return h("button", { type: "button", class: "ui-enlarge", "aria-label": say("Enlarge {name}", { name: alt }), onclick: (event) => enlargeIn(event.currentTarget) }, shown);
  }
  return h("div", { class: "ui-enlarge" }, shown, h("span", {
    class: "ui-enlarge-sign", "aria-hidden": "true", title: say("Enlarge"),
    onclick: (event) => { event.stopPropagation(); enlargeIn(event.currentTarget.parentNode); },
  }, markup(props.zoom)));
};
const moments = new Intl.DateTimeFormat(readersLanguage, { dateStyle: "medium", timeStyle: "short" });
const LONG_TEXT = 30, LONG_WORD = 24, MOST_IN_TITLE = 2000; // letters
// Names of files may be broken behind their joints, and in the middle only where one is very long.
const breakable = (text) => (text.length > MOST_IN_TITLE ? text : text.split(/(?<=\w[_-])(?=\w)/).flatMap((part, at) => (at ? [h("wbr"), part] : [part])));
const content = (cell, kind) => {
  if (cell === null || cell === undefined) return "";
  if (kind === "image") return enlargeable(image(cell));
  if (kind === "drawing") return enlargeable(h("div", {}, markup(cell)));
  if (kind === "badge") {
    const { text, tone } = typeof cell === "object" ? cell : { text: cell };
    return text === "" ? "" : badge(text, tone);
  }
  if (kind === "moment") return h("span", { class: "ui-moment" }, moments.format(cell * 1000));
  if (kind === "number") return typeof cell === "number" ? (Number.isInteger(cell) ? grouped(cell) : significant(cell, 6)) : cell;
  const text = String(cell);
  const sizes = `${text.length > LONG_TEXT ? " ui-clamp-long" : ""}${text.split(/\s+/).some((word) => word.length > LONG_WORD) ? " ui-clamp-anywhere" : ""}`;
  return h("span", { class: `ui-clamp${sizes}`, title: text.length > LONG_TEXT ? text.slice(0, MOST_IN_TITLE) : null }, breakable(text));
};
const kindOf = (column) => (["number", "image", "drawing", "badge", "moment"].includes(column.kind) ? column.kind : "text");

const choosable = (row, index) => (props.selectable ? {
  tabindex: "0", "data-focus": `row-${index}`, "aria-selected": String(chosen === index),
  onclick: () => choose(row, index),
  onkeydown: (event) => {
    const next = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const holder = event.key === "Enter" && event.shiftKey && event.currentTarget.querySelector(".ui-enlarge");
    if (holder) enlargeIn(holder);
    else if (event.key === "Enter" || event.key === " ") choose(row, index);
    else if (next) root.querySelector(`[data-focus="row-${index + next}"]`)?.focus();
    else return;
    event.preventDefault();
  },
} : {});
const choose = (row, index) => { chosen = index; draw(); trigger("select", { row }); reveal(props.opens); };

const sortBy = (key) => () => { reversed = sort === key && !reversed; sort = key; ask(0); };
const title = (column) => (column.sorts ? h("button", {
  type: "button", class: "ui-sort", "data-focus": `sort-${column.key}`, "data-testid": `sort-${column.key}`, onclick: sortBy(column.key),
}, column.title, h("span", { class: "ui-sort-way", "aria-hidden": "true" }, sort === column.key ? (reversed ? "▴" : "▾") : "")) : column.title);
const order = (column) => (column.sorts && sort === column.key ? (reversed ? "descending" : "ascending") : null);
const marks = (row) => (row.marks?.length ? h("span", { class: "ui-row-marks" }, row.marks.map((mark) => badge(mark.text, mark.tone))) : null);

const table = (columns, rows) => h("div", { class: "ui-table-scroll", tabindex: "0", role: "region", "aria-label": props.caption },
  h("table", { class: `ui-table${props.selectable ? " ui-table-selectable" : ""}`, role: props.selectable ? "grid" : null },
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: `ui-kind-${kindOf(column)}`, "aria-sort": order(column) }, title(column))))),
    h("tbody", {}, rows.map((row, index) => h("tr", choosable(row, index),
      columns.map((column, at) => h("td", { class: `ui-kind-${kindOf(column)}` }, content(row[column.key], kindOf(column)), at ? null : marks(row))))))));

const gallery = (columns, rows) => {
  const isSeen = (column) => ["image", "drawing"].includes(column.kind);
  const images = columns.filter(isSeen);
  const others = columns.filter((column) => !isSeen(column));
  return h("div", { class: "ui-gallery", role: props.selectable ? "listbox" : "list", "aria-label": props.caption }, rows.map((row, index) => h("div",
    { class: "ui-gallery-item", role: props.selectable ? "option" : "listitem", ...choosable(row, index) },
    images.map((column) => h("div", { class: "ui-gallery-image" }, content(row[column.key], column.kind))),
    others.map((column) => h("div", { class: `ui-gallery-line ui-kind-${kindOf(column)}` }, content(row[column.key], kindOf(column)))))));
};

const pager = (total) => {
  const size = props.rows_per_page;
  const last = Math.max(0, Math.floor((total - 1) / size) * size);
  const button = (label, target, sign) => h("button", {
    type: "button", class: "ui-pager-button", "aria-label": label, title: label, "data-focus": label,
    disabled: target < 0 || target === start || target > last, onclick: () => ask(target),
  }, sign);
  const shown = { first: grouped(start + 1), last: grouped(Math.min(start + size, total)), total: grouped(total) };
  return h("div", { class: "ui-pager" },
    h("span", { class: "ui-pager-where", role: "status" }, say("{first}–{last} of {total}", shown)),
    total > size ? h("span", { class: "ui-pager-buttons" }, button(say("First page"), 0, "«"), button(say("Previous page"), start - size, "‹"),
      button(say("Next page"), start + size, "›"), button(say("Last page"), last, "»")) : null);
};

let waiting = null;
const search = () => h("input", {
  type: "search", class: "ui-paged-filter", placeholder: say("Find in these rows"), "aria-label": say("Find in these rows"),
  value: filter, "data-focus": "filter",
  oninput: (event) => {
    filter = event.target.value;
    clearTimeout(waiting);
    waiting = setTimeout(() => ask(0), 250);
  },
});
const searchBox = search();

const list = (entry) => h("label", { class: "ui-paged-list" }, h("span", {}, entry.title), h("select", {
  "data-focus": `filter-${entry.key}`, "data-testid": `filter-${entry.key}`,
  onchange: (event) => { picked = { ...picked, [entry.key]: event.target.value }; ask(0); },
}, h("option", { value: "" }, say("All")), entry.choices.map(({ value, title: words }) => h("option", { value, selected: picked[entry.key] === value }, words))));
const isNarrowed = () => filter || Object.values(picked).some(Boolean);
const narrowing = () => {
  if (!props.filterable || !props.value || !(message?.total || isNarrowed())) return null;
  const lists = message?.filters || [];
  return lists.length ? h("div", { class: "ui-paged-narrowing" }, searchBox, lists.map(list)) : searchBox;
};

const draw = () => {
  const rows = message?.rows || [];
  const body = failure ? h("div", { class: "ui-paged-empty" }, failure, " ", h("button", { type: "button", class: "ui-link", onclick: () => ask(start) }, say("Try again")))
    : !rows.length ? h("div", { class: "ui-paged-empty" }, message ? message.message || (isNarrowed() ? say("No row matches.") : props.nothing) : props.nothing)
      : (message.layout || props.layout) === "gallery" ? gallery(message.columns, rows) : table(message.columns, rows);
  const place = searchBox.selectionStart;
  const legend = rows.length && !failure && message.legend ? h("div", {}, markup(message.legend)) : null;
  redraw(root, [narrowing(), legend, body, rows.length && !failure ? pager(message.total) : null]);
  if (document.activeElement === searchBox) searchBox.setSelectionRange(place, place);
};
draw();
ask(0);
watch("value", () => {
  if (props.lasting) { ask(start); return; }
  filter = ""; searchBox.value = ""; picked = {}; ask(0);
});
