const root = element.querySelector(".ui-projects");
const MANY = 8; // from so many on there is a search
const LONGEST = 120;
let renaming = null; // the key of the one whose name is being written
let search = "";
const when = new Intl.DateTimeFormat(readersLanguage, { dateStyle: "medium", timeStyle: "short" });

const send = (key, to, more) => trigger("select", { key, to, ...more });
const press = (project, to, words, drawing, onclick) => h("button", {
  type: "button", class: "ui-icon-button", "aria-label": words, title: words,
  "data-focus": `${project.key} ${to}`, "data-testid": `project-${to}`, onclick: onclick || (() => send(project.key, to)),
}, markup(drawing));

const stop = (key) => { renaming = null; draw(); root.querySelector(`[data-focus="${key} rename"]`)?.focus(); };
const field = (project) => {
  const input = h("input", { type: "text", class: "ui-text-field", maxlength: LONGEST, value: project.title, "aria-label": say("Name"), "data-focus": `${project.key} name`, "data-testid": "project-name" });
  return h("form", {
    class: "ui-project-naming",
    onsubmit: (event) => {
      event.preventDefault();
      if (input.value.trim() && input.value.trim() !== project.title) send(project.key, "rename", { name: input.value.trim() });
      stop(project.key);
    },
    onkeydown: (event) => { if (event.key === "Escape") stop(project.key); },
  }, input, h("button", { type: "submit", class: "ui-link" }, say("Save")));
};
const rename = (project) => () => {
  renaming = project.key; draw();
  const input = root.querySelector("input.ui-text-field");
  input?.focus(); input?.select();
};

const entry = (project, isOpen) => h("li", { class: `ui-project${isOpen ? " ui-project-open" : ""}`, "data-testid": "project" },
  h("span", { class: "ui-project-words" },
    renaming === project.key ? field(project)
      : project.trouble ? h("span", {}, project.title, " ", badge(say("Damaged"), "bad"))
        : h("span", {}, h("button", { type: "button", class: "ui-link", "data-focus": `${project.key} open`, "data-testid": "project-open", "aria-current": isOpen ? "true" : null, onclick: () => send(project.key, "open") }, project.title),
          isOpen ? [" ", badge(say("Open now"), "accent")] : null),
    project.trouble || project.note ? h("small", {}, project.trouble || project.note) : null),
  h("time", { class: "ui-project-used", title: say("Last used") }, h("span", { class: "ui-sr-only" }, say("Last used"), " "), when.format(project.used * 1000)),
  h("span", { class: "ui-project-buttons" },
    project.trouble ? null : press(project, "rename", say("Rename: {name}", { name: project.title }), props.edit, rename(project)),
    project.trouble ? null : press(project, "copy", say("Duplicate: {name}", { name: project.title }), props.copy),
    press(project, "delete", say("Delete: {name}", { name: project.title }), props.bin)));

const searchBox = h("input", {
  type: "search", class: "ui-paged-filter", placeholder: say("Find a project"), "aria-label": say("Find a project"), "data-focus": "search",
  oninput: (event) => { search = event.target.value; draw(); },
});

const draw = () => {
  const { projects = [], opened = null } = props.value || {};
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = projects.filter((project) => words.every((word) => `${project.title} ${project.note || ""}`.toLowerCase().includes(word)));
  const place = searchBox.selectionStart;
  redraw(root, [
    projects.length >= MANY ? searchBox : null,
    found.length ? h("ul", {}, found.map((project) => entry(project, project.key === opened)))
      : projects.length ? h("div", { class: "ui-paged-empty", role: "status" }, say("No project matches.")) : null,
  ]);
  if (document.activeElement === searchBox) searchBox.setSelectionRange(place, place);
};
draw();
watch("value", draw);
