// The one bar that says how far something is, with its sentence, and beside it what is done and the time left.
const timeLeft = (seconds) => {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 90) return say("about {n} s left", { n: Math.max(5, 5 * Math.round(seconds / 5)) });
  if (seconds < 5400) return say("about {n} min left", { n: Math.round(seconds / 60) });
  return say("about {n} h left", { n: grouped(Math.round(seconds / 3600)) });
};
const progressBox = () => {
  const told = h("span", { class: "ui-progress-sentence", role: "status" });
  const detail = h("span", { class: "ui-progress-detail" });
  const bar = h("div", { class: "ui-progress", role: "progressbar", "aria-label": say("Progress"), "aria-valuemin": "0", "aria-valuemax": "100" }, h("div", { class: "ui-progress-fill" }));
  const box = h("div", { class: "ui-progress-box" }, h("div", { class: "ui-progress-words" }, told, detail), bar);
  // share: from 0 to 1, null where nobody knows. A sentence that stays is not written again, so it is said once.
  const show = (share, sentence = "", beside = "") => {
    const known = typeof share === "number";
    if (told.textContent !== sentence) told.textContent = sentence;
    detail.textContent = beside;
    bar.classList.toggle("ui-progress-unknown", !known);
    bar.style.setProperty("--share", known ? Math.min(1, Math.max(0, share)) : 0);
    if (known) bar.setAttribute("aria-valuenow", String(Math.round(100 * Math.min(1, Math.max(0, share)))));
    else bar.removeAttribute("aria-valuenow");
    if (beside) bar.setAttribute("aria-valuetext", beside);
    else bar.removeAttribute("aria-valuetext");
  };
  return { box, show };
};
