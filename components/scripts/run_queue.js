const root = element.querySelector(".ui-queue");

const press = (key, to, words, drawing, off) => h("button", {
  type: "button", class: "ui-queue-button", "aria-label": words, title: words, "data-focus": `${key} ${to}`, "data-testid": `queue-${to}`,
  disabled: off, onclick: () => trigger("select", { key, to }),
}, markup(drawing));

const entry = (run, place, own) => {
  const at = own.indexOf(run);
  return h("li", { class: "ui-queue-run" },
    h("span", { class: "ui-queue-place", "aria-hidden": "true" }, String(place)),
    h("span", { class: "ui-queue-words" },
      run.key ? h("button", { type: "button", class: "ui-link", "data-focus": `${run.key} open`, "data-testid": "queue-open", onclick: () => trigger("select", { key: run.key, to: "open" }) }, run.title) : run.title,
      h("small", {}, run.note)),
    run.key ? h("span", { class: "ui-queue-buttons" },
      press(run.key, "first", say("Start next: {run}", { run: run.title }), props.top, at === 0),
      press(run.key, "up", say("Move up: {run}", { run: run.title }), props.up, at === 0),
      press(run.key, "down", say("Move down: {run}", { run: run.title }), props.down, at === own.length - 1),
      press(run.key, "out", say("Take out of the queue: {run}", { run: run.title }), props.out, false)) : null);
};

const draw = () => {
  const runs = props.value?.runs || [];
  const own = runs.filter((run) => run.key);
  redraw(root, runs.length ? [
    h("b", { class: "ui-queue-title" }, say("Waiting in line")),
    h("ol", {}, runs.map((run, index) => entry(run, index + 1, own))),
  ] : []);
};
draw();
watch("value", draw);
