const root = element.querySelector(".ui-form");
const groups = new Map();

// Puts the nodes into their parent in this order; those that stay are not moved, so that none loses the keyboard.
const arrange = (parent, nodes) => {
  for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, index) => { if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] || null); });
};

const held = (control) => (control.type === "checkbox" ? control.checked : control.value);
const hold = (control, value) => { if (control.type === "checkbox") control.checked = Boolean(value); else control.value = value; };

// What is being typed and was not sent yet stays, whatever the server says meanwhile.
const follow = (field, value) => {
  if (held(field.control) === field.drawn || held(field.control) === value) hold(field.control, value);
  field.drawn = value;
};

const controlOf = (field, attributes) => {
  if (field.kind === "check") return h("input", { type: "checkbox", ...attributes });
  if (field.kind === "choice") return h("select", attributes, field.choices.map((choice) => h("option", { value: choice.value }, choice.title)));
  return h("input", { type: "text", inputmode: field.keyboard, placeholder: field.placeholder, autocomplete: "off", spellcheck: "false", ...attributes });
};

const fieldNode = (group, field) => {
  const id = `${group.prefix}-${field.name}`;
  const control = controlOf(field, { id: `${id}-control`, "aria-describedby": `${id}-problem ${id}-help`, "aria-label": field.within ? `${field.title}, ${field.within}` : null });
  const made = { control, drawn: field.kind === "check" ? false : "", problem: h("small", { id: `${id}-problem`, class: "ui-field-problem", role: "alert", hidden: "" }) };
  const commit = () => {
    if (held(control) === made.drawn) return;
    made.drawn = held(control);
    trigger("input", { group: group.key, name: field.name, value: held(control) });
  };
  for (const name of ["change", "blur"]) control.addEventListener(name, commit);
  control.addEventListener("keydown", (event) => { if (event.key === "Enter") commit(); });
  const label = h("label", { for: control.id }, field.title);
  const named = field.term ? h("span", { class: "ui-field-named" }, label, termMark(field.term, field.title)) : label;
  made.node = h("div", { class: `ui-field ui-field-${field.kind}`, id },
    field.kind === "check" ? [control, named] : [named, control], made.problem, field.help ? h("small", { id: `${id}-help` }, field.help) : null);
  return made;
};

const shapeOf = (field) => JSON.stringify({ ...field, value: null, problem: null });

const complain = ({ control, problem }, sentence = "") => {
  control.setAttribute("aria-invalid", String(Boolean(sentence)));
  problem.hidden = !sentence;
  if (problem.textContent !== sentence) problem.textContent = sentence;
};

const groupNode = (group) => {
  const made = { fields: new Map(), body: h("div", { class: "ui-fields" }), below: h("div", { class: "ui-form-below" }) };
  if (group.title) {
    made.button = h("button", { type: "button", class: "ui-fold-button", "aria-expanded": String(Boolean(group.open)) },
      h("span", {}, group.title), h("span", { class: "ui-fold-mark", "aria-hidden": "true" }));
    made.button.addEventListener("click", () => made.button.setAttribute("aria-expanded", String(made.button.getAttribute("aria-expanded") !== "true")));
  }
  made.node = h("section", { class: group.title ? "ui-panel" : null }, made.button, made.body, made.below);
  return made;
};

const drawGroup = (group) => {
  if (!groups.has(group.key)) groups.set(group.key, groupNode(group));
  const made = groups.get(group.key);
  if (group.unfolded) made.button?.setAttribute("aria-expanded", "true");
  const nodes = group.fields.map((field) => {
    const shape = shapeOf(field);
    if (made.fields.get(field.name)?.shape !== shape) made.fields.set(field.name, Object.assign(fieldNode(group, field), { shape }));
    follow(made.fields.get(field.name), field.value);
    complain(made.fields.get(field.name), field.problem);
    return made.fields.get(field.name).node;
  });
  arrange(made.body, nodes);
  if (made.markup !== group.below) made.below.replaceChildren(markup(made.markup = group.below));
  return made.node;
};

const nothing = h("p", { class: "ui-form-nothing", role: "status" });

const draw = () => {
  const nodes = (props.value?.groups || []).map(drawGroup);
  nothing.textContent = nodes.length ? "" : props.value?.nothing || "";
  arrange(root, [...nodes, nothing]);
};
draw();
watch("value", draw);
