const root = element.querySelector(".ui-fold");
const button = h("button", { type: "button", class: "ui-fold-button", "aria-expanded": String(Boolean(props.unfolded)) }, h("span", {}, props.heading), h("span", { class: "ui-fold-mark", "aria-hidden": "true" }));
button.addEventListener("click", () => button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")));
root.append(button);

const follow = () => {
  const value = props.value || {};
  root.classList.toggle("ui-fold-gone", Boolean(value.gone));
  if (typeof value.open === "boolean") button.setAttribute("aria-expanded", String(value.open));
};
follow();
watch("value", follow);
