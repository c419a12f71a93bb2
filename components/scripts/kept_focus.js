// Where a press takes the focused button away, or turns it off for a while, the keyboard would begin again at the top of
// everything, and a screen reader would say nothing: the focus goes back to the button, or else to the heading of its page.
const LOOK_EVERY = 300; // milliseconds; gone at two looks in a row, for what is drawn may take the focus itself, as Undo does
let held = null; // what had the focus last, unless somebody pressed beside everything since
let heldOn = null; // the page that it is on

const heard = (name, listener) => {
  const listen = (event) => { if (element.isConnected) listener(event); else document.removeEventListener(name, listen); };
  document.addEventListener(name, listen);
};
heard("focusin", (event) => { held = event.target; heldOn = held.closest("[id^=page-]")?.id; });
heard("pointerdown", (event) => { if (!held?.contains(event.target)) held = null; });

const isLost = () => held && document.hasFocus() && document.activeElement === document.body;
const takesFocus = (node) => node.isConnected && !node.disabled && node.checkVisibility();

// onward: called with the page that the focus was on, where it is lost for good.
const keepFocus = (onward) => {
  let wasLost = false;
  const timer = setInterval(() => {
    if (!element.isConnected) clearInterval(timer);
    else if (isLost() && wasLost) takesFocus(held) ? held.focus({ preventScroll: true }) : onward(heldOn);
    wasLost = isLost();
  }, LOOK_EVERY);
};
