// Where a press takes the focused button away, or turns it off for a while, the keyboard would begin again at the top of
// everything, and a screen reader would say nothing: the focus goes back to the button, or else to the heading of its page.
const LOOK_EVERY = 300; // milliseconds; gone at two looks in a row, for what is drawn may take the focus itself, as Undo does
let held = null; // what had the focus last, unless somebody pressed beside everything since
let heldOn = null; // the page that it is on

const heard = (name, listener, first = false) => {
  const listen = (event) => { if (element.isConnected) listener(event); else document.removeEventListener(name, listen, first); };
  document.addEventListener(name, listen, first);
};
heard("focusin", (event) => { held = event.target; heldOn = held.closest("[id^=page-]")?.id; });
heard("pointerdown", (event) => { if (!held?.contains(event.target)) held = null; });

// Gradio opens a list again after the very key by which it was left, where it learns of that key.
heard("keydown", (event) => { if (event.key === "Tab" && event.target.matches?.("[role=combobox]")) event.stopPropagation(); }, true);

const isLost = () => held && document.hasFocus() && document.activeElement === document.body;

// Whether it was taken: not by what is gone, hidden or turned off, nor by a heading that was drawn anew.
const giveBack = (node) => {
  node.focus({ preventScroll: true });
  if (document.activeElement !== node) return false;
  const opensByItself = node.matches("[role=combobox]");
  if (opensByItself) node.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  return true;
};

// onward: called with the page that the focus was on, where it is lost for good.
const keepFocus = (onward) => {
  let wasLost = false;
  const timer = setInterval(() => {
    if (!element.isConnected) clearInterval(timer);
    else if (isLost() && wasLost && !giveBack(held)) onward(heldOn);
    wasLost = isLost();
  }, LOOK_EVERY);
};
