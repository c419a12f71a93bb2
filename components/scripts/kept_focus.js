// Where a press takes the focused button away, or turns it off, the focus goes to the heading of its page: otherwise the
// keyboard would begin again at the top of everything, and a screen reader would say nothing.
const DRAWN_AFTER = 500; // milliseconds in which the rest of an answer is drawn, and may take the focus itself, as Undo does
let held = null; // what had the focus last, unless somebody pressed beside everything since
let heldOn = null; // the page that it is on

const heard = (name, listener) => {
  const listen = (event) => { if (element.isConnected) listener(event); else document.removeEventListener(name, listen); };
  document.addEventListener(name, listen);
};
heard("focusin", (event) => { held = event.target; heldOn = held.closest("[id^=page-]")?.id; });
heard("pointerdown", (event) => { if (!held?.contains(event.target)) held = null; });

const isLost = () => held && document.activeElement === document.body && (!held.isConnected || held.disabled || !held.checkVisibility());
const keepFocus = (key, onward) => setTimeout(() => { if (isLost() && heldOn === `page-${key}`) onward(); }, DRAWN_AFTER);
