const root = element.querySelector(".ui-changes");

const draw = () => {
  const changes = props.value?.changes || [];
  const back = (key) => () => trigger("select", { key });
  redraw(root, changes.length ? [
    h("span", { class: "ui-changes-title" }, "Different from the usual:"),
    changes.map((change) => h("button", {
      type: "button", class: "ui-change", "data-focus": change.key, "data-testid": `change-${change.key}`,
      "aria-label": `${change.title}: ${change.value}. Put it back to the usual.`, title: "Put it back to the usual", onclick: back(change.key),
    }, h("span", {}, change.title), h("b", {}, change.value), h("span", { "aria-hidden": "true" }, "×"))),
    changes.length > 1 ? h("button", { type: "button", class: "ui-change ui-change-all", "data-focus": "all", onclick: back("") }, "Put all back") : null,
  ] : []);
};
draw();
watch("value", draw);
