const bar = element.querySelector(".ui-way-on");
let shown = {}; // of the answers that arrive in another order than they were made in, the newest

const sentence = h("p", { id: "way-on-reason", class: "ui-way-on-reason", role: "status" });
const button = h("button", {
  type: "button", class: "ui-way-on-button", "data-testid": "way-on", "aria-describedby": "way-on-reason",
  onclick: () => { if (!shown.reason) trigger("select", { key: shown.key }); },
});
bar.append(sentence, button);

const draw = () => {
  const told = props.value || {};
  if (told.made < shown.made) return;
  shown = told;
  bar.hidden = !shown.key;
  if (sentence.textContent !== (shown.reason || "")) sentence.textContent = shown.reason || "";
  button.textContent = shown.words || "";
  button.dataset.key = shown.key || "";
  if (shown.reason) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
};
draw();
watch("value", draw);
