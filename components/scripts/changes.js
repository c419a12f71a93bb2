const root = element.querySelector(".ui-changes");

const draw = () => {
  const changes = props.value?.changes || [];
  const back = (key) => () => trigger("select", { key });
  redraw(root, changes.length ? [
    h("span", { class: "ui-changes-title" }, props.changes_title),
    changes.map((change) => h("button", {
      type: "button", class: "ui-change", "data-focus": change.key, "data-testid": `change-${change.key}`,
      "aria-label": say("{setting}: {value}. {press}.", { setting: change.title, value: change.value, press: props.press }), title: props.press, onclick: back(change.key),
    }, h("span", {}, change.title), h("b", {}, change.value), h("span", { class: "ui-change-sign", "aria-hidden": "true" }, markup(props.sign)))),
    changes.length > 1 ? h("button", { type: "button", class: "ui-change ui-change-all", "data-focus": "all", onclick: back("") }, props.press_all) : null,
  ] : []);
};
draw();
watch("value", draw);
