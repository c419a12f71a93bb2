// A note below the bar: what there is to look at on the open page. Closed, it stays so until another one is shown.
const note = element.querySelector(".ui-guide");
const CLOSED = "guide-closed";
const remembered = {
  get: () => { try { return sessionStorage.getItem(CLOSED); } catch { return null; } },
  put: (key) => { try { if (key) sessionStorage.setItem(CLOSED, key); else sessionStorage.removeItem(CLOSED); } catch { /* refused: closed for this page alone */ } },
};

const drawGuide = (guide, close) => {
  if (!guide) remembered.put(null);
  note.hidden = !guide?.words || remembered.get() === guide.key;
  if (note.hidden) return;
  note.setAttribute("aria-label", guide.title);
  redraw(note, [
    markup(props.compass),
    h("p", {}, h("b", {}, guide.title), " ", guide.words),
    h("button", { type: "button", "data-testid": "guide-close", "aria-label": say("Close these hints"), title: say("Close these hints"),
      onclick: () => { remembered.put(guide.key); note.hidden = true; close(); } }, markup(props.cross)),
  ]);
};
