const root = element.querySelector(".ui-split");
const SPLITS = ["train", "validation", "test"];
const NAMES = { train: say("train"), validation: say("validation"), test: say("test") };
let cuts = [80, 90];
let moving = false;
let moved = false;
let holding = false; // a key is down
let sent = null; // what was released last, until the answer to it comes: answers to earlier ones are not for it
const ANSWER_MS = 10000;

const shares = () => [cuts[0], cuts[1] - cuts[0], 100 - cuts[1]];
const read = () => {
  const value = props.value || {};
  const first = Math.round((value.train ?? 0.8) * 100);
  cuts = [first, first + Math.round((value.validation ?? 0.1) * 100)];
  moved = false;
};
const rowsOf = (index) => {
  const rows = props.value?.rows;
  if (!rows) return "";
  if (!moved) return props.value.counted?.[SPLITS[index]] ?? grouped(rows[SPLITS[index]] ?? 0);
  const total = SPLITS.reduce((sum, split) => sum + (rows[split] || 0), 0);
  return say("about {n}", { n: grouped(Math.round((total * shares()[index]) / 100)) });
};
const spoken = () => listed(SPLITS.map((split, index) => `${NAMES[split]} ${inPercent(shares()[index] / 100)}`));
const limits = (handle) => (handle === 0 ? [1, cuts[1] - 1] : [cuts[0] + 1, 99]);
const set = (handle, percent) => {
  const [low, high] = limits(handle);
  const target = Math.min(high, Math.max(low, Math.round(percent)));
  if (target !== cuts[handle]) { cuts[handle] = target; moved = true; }
  paint();
};
const release = () => {
  if (!moved) return;
  const fractions = Object.fromEntries(SPLITS.map((split, index) => [split, shares()[index] / 100]));
  if (SPLITS.every((split) => Math.abs((props.value?.[split] ?? -1) - fractions[split]) < 1e-9)) return;
  props.value = { ...props.value, ...fractions };
  sent = { ...fractions, until: Date.now() + ANSWER_MS };
  trigger("release", fractions);
};

const bar = h("div", { class: "ui-split-bar" });
const handles = [0, 1].map((handle) => h("div", {
  class: "ui-split-handle", role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-valuemax": "100",
  "aria-label": handle === 0 ? say("End of the first split") : say("End of the second split"), "data-testid": `split-handle-${handle}`,
  onkeydown: (event) => {
    if (props.value?.locked) return;
    const [low, high] = limits(handle);
    const target = {
      ArrowRight: cuts[handle] + 1, ArrowUp: cuts[handle] + 1, ArrowLeft: cuts[handle] - 1, ArrowDown: cuts[handle] - 1,
      PageUp: cuts[handle] + 5, PageDown: cuts[handle] - 5, Home: low, End: high,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    holding = true;
    set(handle, target);
  },
  onkeyup: (event) => { if (/^(Arrow|Page|Home|End)/.test(event.key)) { holding = false; release(); } },
  onblur: () => { holding = false; if (!moving) release(); },
  onpointerdown: (event) => {
    if (props.value?.locked) return;
    event.preventDefault();
    event.currentTarget.focus();
    event.currentTarget.setPointerCapture(event.pointerId);
    moving = true;
  },
  onpointermove: (event) => {
    if (!moving || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const box = bar.getBoundingClientRect();
    set(handle, ((event.clientX - box.left) / box.width) * 100);
  },
  onpointerup: () => { moving = false; release(); },
  onpointercancel: () => { moving = false; release(); },
}));
const segments = SPLITS.map((split) => h("div", { class: `ui-split-segment ui-split-${split}` }));
const captions = SPLITS.map((split, index) => h("div", { class: `ui-split-caption ui-split-${split}` },
  h("i", { "aria-hidden": "true" }), h("span", { class: "ui-split-name" }, props.titles[index]),
  h("b", { class: "ui-split-percent" }), h("span", { class: "ui-split-rows", "data-testid": `split-rows-${split}` })));
const reason = h("p", { class: "ui-split-reason" });
bar.append(...segments, ...handles);
root.append(bar, h("div", { class: "ui-split-captions" }, ...captions), reason);

const paint = () => {
  const locked = props.value?.locked || "";
  shares().forEach((share, index) => {
    segments[index].style.flexBasis = `${share}%`;
    captions[index].querySelector(".ui-split-percent").textContent = inPercent(share / 100);
    captions[index].querySelector(".ui-split-rows").textContent = rowsOf(index);
  });
  handles.forEach((handle, index) => {
    handle.style.left = `${cuts[index]}%`;
    handle.setAttribute("aria-valuenow", String(cuts[index]));
    handle.setAttribute("aria-valuetext", spoken());
    if (locked) handle.setAttribute("aria-disabled", "true"); else handle.removeAttribute("aria-disabled");
  });
  root.classList.toggle("ui-split-locked", Boolean(locked));
  reason.textContent = locked;
};
read();
paint();
const late = () => sent && Date.now() < sent.until && SPLITS.some((split) => Math.abs((props.value?.[split] ?? -1) - sent[split]) > 1e-9);
watch("value", () => {
  if (moving || holding || late()) return;
  sent = null;
  read();
  paint();
});
