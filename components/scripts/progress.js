const root = element.querySelector(".ui-progress-place");
const { box, show } = progressBox();
let first = null; // {sentence, total, done, at}: where the present sentence began to count

const more = h("div", {}); // what there is to see of it meanwhile

const draw = () => {
  const given = markup(props.value);
  const told = given.querySelector(".ui-progress-box");
  if (!told) { root.replaceChildren(); first = null; return; }
  const sentence = told.querySelector(".ui-progress-sentence").textContent;
  const [done, total, now] = [Number(told.dataset.done), Number(told.dataset.total), performance.now()];
  if (!first || first.sentence !== sentence || first.total !== total || done < first.done) first = { sentence, total, done, at: now };
  const pace = (done - first.done) / (now - first.at);
  const left = now - first.at > 2000 && pace > 0 ? timeLeft((total - done) / pace / 1000) : "";
  show(total ? done / total : null, sentence, [told.querySelector(".ui-progress-detail").textContent, left].filter(Boolean).join(" \u00b7 "));
  told.remove();
  more.replaceChildren(given);
  if (box.isConnected) return;
  root.replaceChildren(box, more);
  bringToSight(root);
};
draw();
watch("value", draw);
