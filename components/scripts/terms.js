// What the buttons of terms on the page say, in one box that is shown beside the one that is pointed at, focused or
// tapped. It stays as long as the pointer is on either of the two, and Escape ends it (WCAG 1.4.13).
const root = element.querySelector(".ui-terms");
const tip = h("div", { class: "ui-tip", role: "tooltip", popover: "manual" });
const meanings = h("div", { hidden: "" });
const foot = h("p", { class: "ui-foot" });
root.append(meanings, tip, foot);
const LINGER = 250; // milliseconds in which the pointer may go from the word to the box
const MARGIN = 8;

let shownFor = null;
let leaving = 0;
const termOf = (event) => (event.target instanceof Element ? event.target.closest(".ui-term") : null);

const place = () => {
  const word = shownFor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const below = word.bottom + 6;
  tip.style.left = `${Math.max(MARGIN, Math.min(word.left, innerWidth - width - MARGIN))}px`;
  tip.style.top = `${below + height + MARGIN > innerHeight ? Math.max(MARGIN, word.top - height - 6) : below}px`;
};
const hide = () => {
  clearTimeout(leaving);
  if (!shownFor) return;
  shownFor = null;
  tip.hidePopover();
};
const show = (button) => {
  clearTimeout(leaving);
  const meaning = document.getElementById(button.getAttribute("aria-describedby"));
  if (!meaning || button === shownFor) return;
  hide();
  shownFor = button;
  tip.textContent = meaning.textContent;
  tip.showPopover();
  place();
};
const hideSoon = () => { clearTimeout(leaving); leaving = setTimeout(hide, LINGER); };

const listen = (name, heard, options) => {
  const listener = (event) => { if (element.isConnected) heard(event); else document.removeEventListener(name, listener, options); };
  document.addEventListener(name, listener, options);
};
listen("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const button = termOf(event);
  if (button) show(button);
  else if (tip.contains(event.target)) clearTimeout(leaving);
  else if (shownFor && shownFor !== document.activeElement) hideSoon();
});
listen("focusin", (event) => { const button = termOf(event); if (button?.matches(":focus-visible")) show(button); else hide(); });
listen("focusout", (event) => { if (event.target === shownFor) hideSoon(); });
listen("click", (event) => {
  const button = termOf(event);
  if (button) { event.preventDefault(); show(button); } else if (!tip.contains(event.target)) hide();
});
listen("keydown", (event) => {
  if (event.key !== "Escape" || !shownFor) return;
  event.stopPropagation();
  hide();
}, true);
listen("scroll", () => { if (shownFor?.checkVisibility()) place(); else hide(); }, true);

const draw = () => {
  const value = props.value || {};
  meanings.replaceChildren(...Object.entries(value.meanings || {}).map(([name, sentence]) => h("p", { id: `term-${name}` }, sentence)));
  foot.replaceChildren(...(value.action ? [h("a", { href: value.action, target: "_blank", "data-testid": "glossary" }, value.words)] : []));
};
draw();
watch("value", draw);
