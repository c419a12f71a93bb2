const root = element.querySelector(".ui-sweep");
const board = h("div", { class: "ui-sweep-board" });
const spoken = h("p", { class: "ui-sr-only", role: "status" });
const hint = h("p", { class: "hint", role: "status", hidden: true }, say("Reconnecting…"));
root.append(board, hint, spoken);

let sweep = null;
let seen = "";
let status = null;
let done = false;
let asking = false;
let timer = null;
let failures = 0;

board.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-key]");
  if (button) trigger(button.dataset.event === "compare" ? "compare" : "select", { key: button.dataset.key });
});
const plan = (seconds) => { clearTimeout(timer); timer = setTimeout(ask, 1000 * seconds); };
// What is unfolded stays unfolded, and what has the keyboard keeps it.
const draw = (html) => {
  const open = new Set([...board.querySelectorAll("details[open]")].map((part) => part.dataset.part));
  const scrolled = new Map([...board.querySelectorAll("[data-scroll]")].map((part) => [part.dataset.scroll, part.scrollLeft]));
  redraw(board, [...markup(html).childNodes]);
  for (const part of board.querySelectorAll("details")) part.open = open.has(part.dataset.part);
  for (const part of board.querySelectorAll("[data-scroll]")) part.scrollLeft = scrolled.get(part.dataset.scroll) || 0;
  const sentence = board.querySelector("[data-spoken]")?.textContent || "";
  if (spoken.textContent !== sentence) spoken.textContent = sentence;
};
const ask = async () => {
  if (!element.isConnected || sweep === null || done || asking) return;
  if (document.hidden || !element.checkVisibility()) { plan(1); return; }
  const mine = sweep;
  asking = true;
  let wait = 1;
  try {
    const message = await server.poll_sweep({ sweep, seen });
    if (!message) throw new Error("no answer");
    failures = 0;
    if (mine === sweep) {
      seen = message.seen;
      done = Boolean(message.done);
      wait = message.wait || wait;
      if ("html" in message) draw(message.html);
      if (message.status !== status) { status = message.status; trigger("status", { status }); }
    }
  } catch (error) {
    failures += 1;
    wait = Math.min(8, 2 ** failures);
    console.debug("A poll failed and will be repeated", error);
  }
  hint.hidden = failures < 2;
  asking = false;
  plan(wait);
};
const follow = () => {
  const chosen = props.value?.sweep ?? null;
  if (chosen !== sweep) { seen = ""; board.replaceChildren(); spoken.textContent = ""; }
  if (chosen !== sweep || props.value?.status !== status) { status = props.value?.status ?? null; done = false; }
  sweep = chosen;
  plan(0);
};
watch("value", follow);
follow();
