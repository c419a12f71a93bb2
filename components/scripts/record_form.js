const root = element.querySelector(".ui-record");
const number = Math.random().toString(36).slice(2);
const body = h("div", { class: "ui-record-fields" });
let drawn = null; // the fields as they were described, as JSON
let typed = {};

const keep = () => {
  typed = Object.fromEntries([...body.querySelectorAll("[data-column]")].map((field) => [field.dataset.column, field.value]));
  props.value = { ...props.value, values: typed };
};
const optionsOf = (field) => ["", ...(field.choices || [])].map((choice) => h("option", { value: choice }, choice || "–"));
const fieldOf = (field, place) => {
  const id = `record-${number}-${place}`, noteId = field.note ? `${id}-note` : null;
  const askNow = (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    trigger("submit");
  };
  const shared = { id, "data-column": field.name, "aria-describedby": noteId, oninput: keep, onkeydown: askNow };
  const entry = field.kind === "choice"
    ? h("select", shared, optionsOf(field))
    : field.kind === "number"
      ? h("input", { ...shared, type: "text", inputmode: "decimal", autocomplete: "off" })
      : h("textarea", { ...shared, rows: 1 });
  return h("div", { class: `ui-record-field ui-record-${field.kind}` },
    h("label", { for: id }, field.name), field.note ? h("span", { class: "ui-record-note", id: noteId }, field.note) : null, entry);
};
const fill = (values) => {
  for (const field of body.querySelectorAll("[data-column]")) {
    const value = String(values[field.dataset.column] ?? "");
    if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) field.append(h("option", { value }, value));
    field.value = value;
  }
};
root.setAttribute("role", "group");
root.setAttribute("aria-labelledby", `record-title-${number}`);
root.append(h("span", { class: "ui-row-editor-title", id: `record-title-${number}` }, props.record_title), body);

const draw = () => {
  const value = props.value || {}, fields = JSON.stringify(value.fields || []);
  const isNew = fields !== drawn;
  if (isNew) {
    drawn = fields;
    body.replaceChildren(...(value.fields || []).map(fieldOf));
  }
  if (!value.values) {
    if (isNew) typed = {};
    props.value = { ...value, values: typed };
  } else if (isNew || JSON.stringify(value.values) !== JSON.stringify(typed)) {
    typed = value.values;
    fill(typed);
  }
};
draw();
watch("value", draw);
