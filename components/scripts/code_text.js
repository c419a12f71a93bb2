const root = element.querySelector(".ui-code");

const draw = () => {
  const { label, text } = props.value || {};
  const button = h("button", { type: "button", class: "ui-code-copy", "data-focus": "copy", "data-testid": "copy", "aria-label": `${say("Copy")}: ${label}`, title: say("Copy") }, markup(props.copy));
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.replaceChildren(markup(props.done));
    setTimeout(() => button.replaceChildren(markup(props.copy)), 2000);
  });
  redraw(root, text ? [
    h("div", { class: "ui-code-head" }, h("span", {}, label), button),
    h("pre", { tabindex: "0", role: "region", "aria-label": label, "data-focus": "text" }, text),
  ] : []);
};
draw();
watch("value", draw);
