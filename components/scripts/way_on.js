const bar = element.querySelector(".ui-way-on");
let begun = null; // { element, words }: what waits for the person's press elsewhere on the page, see nextStep
let shown = {}; // of the answers that arrive in another order than they were made in, the newest

const sentence = h("p", { id: "way-on-reason", class: "ui-way-on-reason", role: "status" });
const button = h("button", {
  type: "button", class: "ui-way-on-button", "data-testid": "way-on", "aria-describedby": "way-on-reason",
  onclick: () => { if (!shown.reason) trigger("select", { key: shown.key }); },
});
bar.append(sentence, button);

// While there is no way on, what is begun before the person's eyes says better what is missing.
const reason = () => {
  const waits = begun?.words && begun.element.isConnected && begun.element.checkVisibility();
  return shown.reason ? (waits ? begun.words : shown.reason) : "";
};
const draw = () => {
  const told = props.value || {};
  if (told.made < shown.made) return;
  shown = told;
  bar.hidden = !shown.key;
  const words = reason();
  if (sentence.textContent !== words) sentence.textContent = words;
  button.textContent = shown.words || "";
  button.dataset.key = shown.key || "";
  if (shown.reason) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
};
const listen = (event) => {
  if (!element.isConnected) { document.removeEventListener("nextstep", listen); return; }
  begun = event.detail;
  draw();
};
document.addEventListener("nextstep", listen);
draw();
watch("value", draw);
