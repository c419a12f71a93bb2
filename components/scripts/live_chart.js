const root = element.querySelector(".ui-live");
const series = new Series();
const place = h("div", { class: "ui-live-plot", role: "img", "aria-label": say("Curves of the run; the latest values are given as text below") });
const heading = h("h3", {}, props.chart_title);
const legend = h("div", { class: "ui-chart-legend" });
const pill = h("span", { class: "ui-live-status", "data-testid": "live-status" });
const { box: progress, show: showProgress } = progressBox();
const stages = h("ol", { class: "ui-stages", "aria-label": say("What happens before the first step") });
const stage = h("div", { class: "ui-live-stage" }, place, stages);
const verdict = h("p", { class: "ui-live-reading", role: "status", "data-testid": "live-reading" });
const stats = h("div", { class: "ui-stats", "data-testid": "live-stats" });
const log = h("pre", { class: "ui-live-log", tabindex: "0", "data-testid": "live-log" });
const folded = h("details", { class: "ui-live-details" }, h("summary", {}, say("Log")), log);
const messageBox = h("div", { class: "ui-live-notice" });
const hint = h("span", { class: "ui-live-hint", role: "status" });
const spoken = h("p", { class: "ui-sr-only", "aria-live": "polite" });
const nothing = h("div", { class: "ui-live-nothing" }, props.nothing);
const slider = h("input", { type: "range", min: "0", max: "6", step: "1", "data-testid": "smoothing", oninput: () => { smoothing = Number(slider.value); named(); draw(); } });
const amount = h("span", {});
const named = () => { amount.textContent = smoothing ? "" : say("off"); slider.setAttribute("aria-valuetext", smoothing ? `${smoothing} / ${slider.max}` : say("off")); };
const logarithmic = h("input", { type: "checkbox", "data-testid": "logarithmic", onchange: () => { isLog = logarithmic.checked; draw(); } });
const wantsWord = h("button", { type: "button", class: "ui-link", "data-testid": "notify", hidden: true, onclick: async () => {
  await Notification.requestPermission();
  offerWord();
} }, say("Tell me when it is done"));
// Nobody is asked before they press, and who has answered is not asked again.
const offerWord = () => { wantsWord.hidden = ENDED.includes(status) || !("Notification" in window) || Notification.permission !== "default"; };
const ownTitle = document.title;
const ENDED = ["completed", "stopped", "failed", "interrupted"];
// The browser's tab says how far it is, and how it ended; a message of the system only where the page is out of sight.
const toTheTab = (share) => {
  const words = ENDED.includes(status) ? statusTitle : typeof share === "number" && status === "running" ? inPercent(share) : "";
  document.title = words ? `${words} \u00b7 ${ownTitle}` : ownTitle;
};
const send = () => { if (document.hidden && "Notification" in window && Notification.permission === "granted") new Notification(statusTitle, { body: sentence || ownTitle }); };
const scrubber = h("input", { type: "range", min: "0", step: "1", "data-testid": "look-at-step", oninput: () => lookAt(stops()[Number(scrubber.value)]) });
const readout = h("output", { class: "ui-live-readout" });
const looking = h("div", { class: "ui-live-looking" }, h("label", {}, say("Look at a step"), scrubber), readout);
const explained = h("details", { class: "ui-live-details" }, h("summary", {}, say("How to read the curves")),
  h("p", {}, say("The training loss is a mean over the latest steps, taken while the model learns: with dropout, and with images varied if that is switched on. The validation loss is measured afterwards on all validation examples, without either. It can therefore lie below the training loss.")),
  h("p", {}, say("Where the validation loss rises while the training loss falls, the model memorises its examples (overfitting). The step marked as the best is the one that is kept.")));
const tools = h("div", { class: "ui-live-tools" },
  wantsWord,
  h("label", {}, say("Smoothing"), slider, amount),
  h("label", {}, logarithmic, say("Logarithmic scale")),
  downloads(place, () => run || "curve", () => ["train", "validation", "metric"].flatMap((name) => series[name].x.map((x, at) => [x, name === "metric" ? metricName : name, series[name].y[at]]))));
root.append(h("div", { class: "ui-live-head" }, heading, legend, hint, pill), messageBox, progress, nothing, stage, verdict, looking, tools, stats, explained, folded, spoken);

let run = null;
let offset = 0;
let status = null;
let statusTitle = "";
let metricName = "";
let wanted = 0; // seconds that the server wants us to wait
let besides = {}; // words for what is drawn beside the chart
let done = false;
let asking = 0; // which question is under way, 0 for none
let question = 0;
let timer = null;
let drawing = null; // the promise of the first drawing
let percent = false; // whether the metric is a share
let drawnMetric = false;
let failures = 0;
let best = null; // the step whose weights are kept
const SMOOTHING = [0, 0.5, 0.7, 0.85, Series.USUAL, 0.97, 0.99]; // weights of the neighbours
let smoothing = 4;
let isLog = false;
let share = null; // how far it is
let sentence = ""; // what goes on, or what came of it
let preparing = null; // how far it is before its first step
let drawnStages = "";
let isLooking = false; // whether somebody has chosen the step that is read off
let wasAtWork = false;
slider.value = smoothing;

const paintLegend = () => {
  const item = (kind, text) => h("span", {}, h("i", { class: `ui-line ui-line-${kind}`, "aria-hidden": "true" }), text);
  redraw(legend, [item("train", props.names[0]), item("validation", props.names[1]), series.metric.x.length ? item("metric", metricName.replaceAll("_", " ")) : null]);
};
const smoothed = () => (SMOOTHING[smoothing] ? series.drawnFrom(0, Series.smoothed(series.train.y, SMOOTHING[smoothing])) : series.drawnFrom(0));
const traces = () => {
  const drawn = series.drawnFrom(0);
  const smooth = smoothed();
  const checks = (points, name, color, more) => runCurve([...points.x], [...points.y], name, color, { marked: true, ...more });
  return [
    runCurve(drawn.x, drawn.y, say("each step"), cssColor("--chart-1-faint"), { hoverinfo: "skip", hovertemplate: null, line: { color: cssColor("--chart-1-faint"), width: 1 } }),
    runCurve(smooth.x, smooth.y, say("{curve} (smoothed)", { curve: props.names[0] }), cssColor("--chart-1")),
    checks(series.validation, props.names[1], cssColor("--chart-2")),
    checks(series.metric, metricName.replaceAll("_", " "), cssColor("--chart-3"), { percent, xaxis: "x", yaxis: "y2" }),
  ];
};
const bestCaption = () => ({ text: say("best"), x: best, xanchor: "left", xshift: 3, y: 1, yref: "paper", yanchor: "top", showarrow: false, font: { size: 11, color: cssColor("--body-text-color-subdued") } });
const layout = () => {
  const both = series.metric.x.length > 0;
  const caption = (text, y) => ({ text, x: 0, xref: "paper", xanchor: "left", y, yref: "paper", yanchor: "bottom", showarrow: false, font: { size: 12, color: cssColor("--body-text-color-subdued") } });
  return plainLayout({
    xaxis: axis({ title: { text: props.x_title, font: { size: 11, color: cssColor("--body-text-color-subdued") }, standoff: 8 }, anchor: both ? "y2" : "y", rangemode: "tozero" }),
    yaxis: axis({ domain: both ? [0.46, 1] : [0, 1], rangemode: isLog ? "normal" : "tozero", type: isLog ? "log" : "linear" }),
    yaxis2: axis({ domain: [0, 0.34], visible: both, nticks: 4, rangemode: "nonnegative", ...(percent ? { maxallowed: 105, ...PERCENT_AXIS } : {}) }),
    annotations: [...(both ? [caption(metricName, 0.355)] : []), ...(best === null ? [] : [bestCaption()])],
    shapes: best === null ? [] : [{ type: "line", x0: best, x1: best, y0: 0, y1: 1, yref: "paper", line: { color: cssColor("--body-text-color-subdued"), width: 1, dash: "dot" } }],
  });
};
// Before there is a curve there is no chart: what happens until then stands in its place.
const hasCurve = () => series.train.x.length > 0 || series.validation.x.length > 1;
const stops = () => (series.validation.x.length > 1 ? series.validation.x : series.drawnFrom(0).x);
const valueAt = (points, step) => points.y[points.x.findLastIndex((x) => x <= step)];
const threeDigits = new Intl.NumberFormat(readersLanguage, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const number = (value, isShare) => (isShare ? inPercent(value, 1) : threeDigits.format(value));
const readAt = (step) => {
  const named = [[smoothed(), props.names[0]], [series.validation, props.names[1]], [series.metric, metricName.replaceAll("_", " "), percent]];
  const values = named.map(([points, name, isShare]) => [name, valueAt(points, step), isShare]).filter(([, value]) => Number.isFinite(value));
  readout.textContent = [`${props.x_title} ${grouped(step)}`, ...values.map(([name, value, isShare]) => `${name} ${number(value, isShare)}`)].join(" \u00b7 ");
  scrubber.setAttribute("aria-valuetext", readout.textContent);
};
let pointedAt; // the step under the mouse, which new curves do not take away
const lookAt = (step) => {
  if (step === undefined) return;
  isLooking = true;
  readAt(step);
  window.Plotly?.Fx.hover(place, { xval: step }, series.metric.x.length ? ["xy", "xy2"] : ["xy"]);
  pointedAt = undefined;
};
const measureScrubber = () => {
  const last = Math.max(0, stops().length - 1);
  const kept = ENDED.includes(status) && !isLooking ? stops().indexOf(best) : -1;
  const follows = !isLooking || scrubber.value === scrubber.max;
  scrubber.max = String(last);
  if (follows) scrubber.value = String(kept < 0 ? last : kept);
  const step = pointedAt ?? stops()[Number(scrubber.value)];
  if (step !== undefined) readAt(step);
};
// What a number is called stays, with the focus on it, as long as the numbers are the same ones.
let labelled = "";
const drawStats = (numbers, terms) => {
  const labels = JSON.stringify(numbers.map(([label]) => label));
  if (labels !== labelled || !stats.children.length) {
    stats.replaceChildren(...numbers.map(([label], at) => h("div", { class: "ui-stat" },
      h("span", { class: "ui-stat-label" }, terms[at] ? termButton(terms[at], label) : label), h("span", { class: "ui-stat-value" }))));
    labelled = labels;
  }
  numbers.forEach(([, value], at) => { stats.children[at].lastChild.textContent = value; });
};

const draw = async () => {
  const library = await plotly();
  if (!library) { hint.textContent = say("The drawing library could not be loaded; the numbers below are right."); return; }
  drawnMetric = series.metric.x.length > 0;
  await library.react(place, traces(), layout(), PLOT_CONFIG);
  paintLegend();
};
const drawOnce = () => {
  drawing ??= draw().then(() => {
    followSize(place);
    place.on?.("plotly_hover", ({ points }) => {
      const at = stops().findIndex((x) => x >= points[0].x);
      scrubber.value = String(at < 0 ? stops().length - 1 : at);
      pointedAt = points[0].x;
      readAt(pointedAt);
    });
    place.on?.("plotly_unhover", () => {
      pointedAt = undefined;
      measureScrubber();
    });
  });
  return drawing;
};

const append = async (message) => {
  let anew = false;
  if (message.reset) { series.clear(); log.textContent = ""; stats.replaceChildren(); anew = true; }
  if (typeof message.truncate === "number") { series.truncate(message.truncate); anew = true; }
  if (message.metric_name && message.metric_name !== metricName) { metricName = message.metric_name; percent = Boolean(message.metric_percent); anew = true; }
  const first = series.train.x.length;
  const counts = [series.validation.x.length, series.metric.x.length];
  series.add("train", message.train || []);
  series.add("validation", message.validation || []);
  series.add("metric", message.metric || []);
  if (series.widen()) anew = true;
  if ("best" in message && message.best !== best) { best = message.best; anew = true; }
  if (!drawnMetric && series.metric.x.length) anew = true;
  if (!place.data) { await drawOnce(); return; }
  if (anew) { await draw(); return; }
  const drawn = series.drawnFrom(first);
  const smooth = smoothed();
  const validation = { x: series.validation.x.slice(counts[0]), y: series.validation.y.slice(counts[0]) };
  const metric = { x: series.metric.x.slice(counts[1]), y: series.metric.y.slice(counts[1]) };
  if (!drawn.x.length && !validation.x.length && !metric.x.length) return;
  await window.Plotly.extendTraces(place, { x: [drawn.x, validation.x, metric.x], y: [drawn.y, validation.y, percent ? asPercent(metric.y) : metric.y] }, [0, 2, 3]);
  if (drawn.x.length) await window.Plotly.restyle(place, { x: [smooth.x], y: [smooth.y] }, [1]); // the newest points move those before them
};
const write = (lines) => {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
  log.textContent = [...log.textContent.split("\n").filter(Boolean), ...lines].slice(-500).join("\n");
  if (atEnd) log.scrollTop = log.scrollHeight;
};
const tell = () => {
  const last = (points, isShare) => (points.y.length ? number(points.y.at(-1), isShare) : null);
  if (ENDED.includes(status)) { spoken.textContent = [statusTitle, sentence].filter(Boolean).join(". "); return; } // of the step that is kept
  const parts = [statusTitle || status];
  if (last(series.validation)) parts.push(say("Loss ({curve}): {value}", { curve: props.names[1], value: last(series.validation) }));
  if (last(series.metric)) parts.push(`${metricName.replaceAll("_", " ")} ${last(series.metric, percent)}`);
  spoken.textContent = listed(parts.filter(Boolean));
};
// The stages before the first step: done, at work on (with its share where it counts), to come.
const STATES = { done: say("done"), now: say("in progress"), next: say("still to come") };
const prepare = (told) => {
  preparing = told;
  const all = told?.stages || [];
  const listing = JSON.stringify(all.map(({ title: name, state }) => [name, state]));
  if (listing !== drawnStages) {
    drawnStages = listing;
    stages.replaceChildren(...all.map(({ title: name, state }) => h("li", { class: `ui-stage ui-stage-${state}`, "aria-current": state === "now" ? "step" : null },
      h("i", { "aria-hidden": "true" }), h("span", {}, name), h("span", { class: "ui-stage-share" }), h("span", { class: "ui-sr-only" }, STATES[state]))));
  }
  all.forEach(({ share: part }, at) => { stages.children[at].children[2].textContent = typeof part === "number" ? inPercent(part) : ""; });
};
const showWhatThereIs = () => {
  root.classList.toggle("ui-live-before", !hasCurve());
  heading.textContent = preparing && !hasCurve() ? say("Before the first step") : props.chart_title;
  if (hasCurve()) measureScrubber();
};
// What the run does at the moment, for whoever draws it (the column of layers).
const tellDoing = (doing, part) => document.dispatchEvent(new CustomEvent("studio-doing", { detail: { doing, share: part ?? null } }));
const receive = async (message) => {
  if (typeof message.offset === "number") offset = message.offset;
  if ("progress" in message) share = message.progress;
  if ("phase" in message) sentence = message.phase || "";
  if ("preparing" in message) prepare(message.preparing);
  if (preparing) showProgress(preparing.share, sentence, preparing.left === null ? "" : timeLeft(preparing.left));
  else showProgress(share, sentence, typeof share === "number" ? inPercent(share) : "");
  wanted = message.wait || 0;
  if ("reading" in message && verdict.textContent !== (message.reading || "")) verdict.textContent = message.reading || "";
  if ("status_title" in message) { statusTitle = message.status_title || ""; }
  if ("notice" in message) messageBox.replaceChildren(markup(message.notice));
  if (message.reset || message.train || message.validation || message.metric || "truncate" in message || "best" in message || !place.data) await append(message);
  if (message.stats) drawStats(message.stats, message.terms || []);
  if (message.log?.length) write(message.log);
  if ("done" in message) done = Boolean(message.done);
  const moved = ["beside", "line"].some((name) => name in message && message[name] !== besides[name]);
  if (moved) besides = { ...besides, beside: message.beside ?? besides.beside, line: message.line ?? besides.line };
  const changed = "status" in message && message.status !== status;
  if (changed) status = message.status;
  pill.textContent = statusTitle || status || "";
  pill.dataset.status = status || "";
  root.dataset.status = status || "";
  if (run !== null) toTheTab(share);
  if (changed) { offerWord(); if (wasAtWork && ENDED.includes(status)) send(); wasAtWork = status === "running"; }
  if (changed || message.validation?.length || message.metric?.length) tell();
  showWhatThereIs();
  tellDoing(preparing ? preparing.doing : status === "running" ? "training" : "", preparing?.stages.find(({ state }) => state === "now")?.share);
  if (changed || moved) trigger("status", { status });
};

const pace = () => Math.max(props.slow.includes(status) || element.offsetParent === null ? 3000 : 500, 1000 * wanted);
const plan = (wait) => { clearTimeout(timer); timer = setTimeout(ask, wait); };
const ask = async () => {
  if (!element.isConnected || run === null || done || document.hidden || asking) return;
  const mine = ++question;
  asking = mine;
  const late = new Promise((_, refuse) => setTimeout(() => refuse(new Error("no answer within 15 s")), 15000));
  try {
    const message = await Promise.race([server.poll_run({ run, offset }), late]);
    if (mine !== question) return; // another run was chosen meanwhile
    // Gradio's client answers nothing, rather than failing, when the server is away or its function raised.
    if (!message) throw new Error("no answer");
    failures = 0;
    hint.textContent = "";
    await receive(message);
    root.setAttribute("aria-busy", "false");
  } catch (error) {
    if (mine !== question) return;
    failures += 1;
    if (failures > 1) hint.textContent = say("Reconnecting…");
    console.debug("A poll failed and will be repeated", error);
  } finally {
    if (asking === mine) { asking = 0; plan(failures ? Math.min(4000, 500 * 2 ** Math.min(failures, 3)) : pace()); }
  }
};
const follow = () => {
  const chosen = props.value?.run ?? null;
  root.classList.toggle("ui-live-idle", chosen === null);
  done = false;
  if (chosen !== run) {
    run = chosen; offset = 0; status = null; statusTitle = ""; besides = {}; failures = 0;
    question += 1; asking = 0; // an answer for the old run is not for this one
    series.clear();
    root.setAttribute("aria-busy", String(run !== null)); // until the first answer
    drawnMetric = false;
    best = share = null;
    isLooking = false;
    wasAtWork = false;
    document.title = ownTitle;
    for (const part of [stats, messageBox]) part.replaceChildren();
    log.textContent = verdict.textContent = readout.textContent = hint.textContent = pill.textContent = spoken.textContent = sentence = "";
    prepare(null);
    showProgress(null);
    showWhatThereIs();
    tellDoing("");
    if (place.data) draw();
  }
  plan(0);
};
paintLegend();
document.addEventListener("visibilitychange", function onVisible() {
  if (!element.isConnected) document.removeEventListener("visibilitychange", onVisible);
  else if (!document.hidden) plan(0);
});
onThemeChange(() => { if (place.data) draw(); });
watch("value", follow);
follow();
