const root = element.querySelector(".ui-live");
const series = new Series();
const place = h("div", { class: "ui-live-plot", role: "img", "aria-label": say("Curves of the run; the latest values are given as text below") });
const legend = h("div", { class: "ui-chart-legend" });
const pill = h("span", { class: "ui-live-status", "data-testid": "live-status" });
const phase = h("p", { class: "ui-live-phase" });
const fill = h("div", { class: "ui-progress-fill" });
const progress = h("div", { class: "ui-progress", role: "progressbar", "aria-label": say("Progress"), "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
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
  const words = ENDED.includes(status) ? statusTitle : typeof share === "number" && status === "running" ? `${Math.round(share * 100)} %` : "";
  document.title = words ? `${words} \u00b7 ${ownTitle}` : ownTitle;
};
const send = () => { if (document.hidden && "Notification" in window && Notification.permission === "granted") new Notification(statusTitle, { body: phase.textContent || ownTitle }); };
const tools = h("div", { class: "ui-live-tools" },
  wantsWord,
  h("label", {}, say("Smoothing"), slider, amount),
  h("label", {}, logarithmic, say("Logarithmic scale")),
  downloads(place, () => run || "curve", () => ["train", "validation", "metric"].flatMap((name) => series[name].x.map((x, at) => [x, name === "metric" ? metricName : name, series[name].y[at]]))));
root.append(h("div", { class: "ui-live-head" }, h("h3", {}, props.chart_title), legend, hint, pill), messageBox, phase, nothing, place, tools, progress, stats, folded, spoken);

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
const SMOOTHING = [0, 0.5, 0.7, 0.85, 0.93, 0.97, 0.99]; // weights of the neighbours
let smoothing = 4;
let isLog = false;
let share = null; // how far it is
let wasAtWork = false;
slider.value = smoothing;

const title = (name) => (name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : "");
const paintLegend = () => {
  const item = (kind, text) => h("span", {}, h("i", { class: `ui-line ui-line-${kind}`, "aria-hidden": "true" }), text);
  redraw(legend, [item("train", props.names[0]), item("validation", props.names[1]), series.metric.x.length ? item("metric", metricName.replaceAll("_", " ")) : null]);
};
const smoothed = () => (SMOOTHING[smoothing] ? series.drawnFrom(0, Series.smoothed(series.train.y, SMOOTHING[smoothing])) : series.drawnFrom(0));
const traces = () => {
  const drawn = series.drawnFrom(0);
  const smooth = smoothed();
  const lines = (x, y, name, color, more) => ({ x, y, name, type: "scatter", mode: "lines", line: { color, width: 2.2 }, ...more });
  const marked = (points, name, color, more) => lines([...points.x], [...points.y], name, color, { mode: "lines+markers", marker: { size: 6, color }, cliponaxis: false, ...more });
  return [
    lines(drawn.x, drawn.y, say("each step"), cssColor("--chart-1-faint"), { hoverinfo: "skip", line: { color: cssColor("--chart-1-faint"), width: 1 } }),
    lines(smooth.x, smooth.y, say("{curve} (smoothed)", { curve: props.names[0] }), cssColor("--chart-1"), { hovertemplate: "%{y:.4g}" }),
    marked(series.validation, props.names[1], cssColor("--chart-2"), { hovertemplate: "%{y:.4g}" }),
    marked(series.metric, metricName.replaceAll("_", " "), cssColor("--chart-3"), { hovertemplate: percent ? "%{y:.3~p}" : "%{y:.4g}", xaxis: "x", yaxis: "y2" }),
  ];
};
const bestCaption = () => ({ text: say("best"), x: best, xanchor: "left", xshift: 3, y: 1, yref: "paper", yanchor: "top", showarrow: false, font: { size: 11, color: cssColor("--body-text-color-subdued") } });
const layout = () => {
  const both = series.metric.x.length > 0;
  const caption = (text, y) => ({ text, x: 0, xref: "paper", xanchor: "left", y, yref: "paper", yanchor: "bottom", showarrow: false, font: { size: 12, color: cssColor("--body-text-color-subdued") } });
  return plainLayout({
    xaxis: axis({ title: { text: props.x_title, font: { size: 11, color: cssColor("--body-text-color-subdued") }, standoff: 8 }, anchor: both ? "y2" : "y", rangemode: "tozero" }),
    yaxis: axis({ domain: both ? [0.46, 1] : [0, 1], rangemode: isLog ? "normal" : "tozero", type: isLog ? "log" : "linear" }),
    yaxis2: axis({ domain: [0, 0.34], visible: both, nticks: 4, rangemode: "nonnegative", ...(percent ? { maxallowed: 1.05 } : {}), tickformat: percent ? ".3~p" : "" }),
    annotations: [...(both ? [caption(title(metricName), 0.355)] : []), ...(best === null ? [] : [bestCaption()])],
    shapes: best === null ? [] : [{ type: "line", x0: best, x1: best, y0: 0, y1: 1, yref: "paper", line: { color: cssColor("--body-text-color-subdued"), width: 1, dash: "dot" } }],
  });
};
const draw = async () => {
  const library = await plotly();
  if (!library) { hint.textContent = say("The drawing library could not be loaded; the numbers below are right."); return; }
  drawnMetric = series.metric.x.length > 0;
  await library.react(place, traces(), layout(), PLOT_CONFIG);
  paintLegend();
};
const drawOnce = () => {
  drawing ??= draw().then(() => followSize(place));
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
  await window.Plotly.extendTraces(place, { x: [drawn.x, validation.x, metric.x], y: [drawn.y, validation.y, metric.y] }, [0, 2, 3]);
  if (drawn.x.length) await window.Plotly.restyle(place, { x: [smooth.x], y: [smooth.y] }, [1]); // the newest points move those before them
};
const write = (lines) => {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
  log.textContent = [...log.textContent.split("\n").filter(Boolean), ...lines].slice(-500).join("\n");
  if (atEnd) log.scrollTop = log.scrollHeight;
};
const tell = () => {
  const last = (points, share) => (points.y.length ? (share ? `${(100 * points.y.at(-1)).toFixed(1)} %` : Number(points.y.at(-1)).toPrecision(3)) : null);
  const parts = [statusTitle || status];
  if (last(series.validation)) parts.push(say("Loss ({curve}): {value}", { curve: props.names[1], value: last(series.validation) }));
  if (last(series.metric)) parts.push(`${metricName.replaceAll("_", " ")} ${last(series.metric, percent)}`);
  spoken.textContent = listed(parts.filter(Boolean));
};
const receive = async (message) => {
  if (typeof message.offset === "number") offset = message.offset;
  if ("progress" in message) {
    const known = typeof message.progress === "number";
    progress.classList.toggle("ui-progress-unknown", !known);
    fill.style.width = known ? `${Math.min(1, Math.max(0, message.progress)) * 100}%` : "";
    if (known) progress.setAttribute("aria-valuenow", String(Math.round(message.progress * 100))); else progress.removeAttribute("aria-valuenow");
  }
  wanted = message.wait || 0;
  if ("phase" in message) phase.textContent = message.phase || "";
  if ("status_title" in message) { statusTitle = message.status_title || ""; }
  if ("notice" in message) messageBox.replaceChildren(markup(message.notice));
  if (message.reset || message.train || message.validation || message.metric || "truncate" in message || "best" in message || !place.data) await append(message);
  if (message.stats) redraw(stats, message.stats.map(([label, value]) => h("div", { class: "ui-stat" }, h("span", { class: "ui-stat-label" }, label), h("span", { class: "ui-stat-value" }, value))));
  if (message.log?.length) write(message.log);
  if ("done" in message) done = Boolean(message.done);
  const moved = ["beside", "line"].some((name) => name in message && message[name] !== besides[name]);
  if (moved) besides = { ...besides, beside: message.beside ?? besides.beside, line: message.line ?? besides.line };
  const changed = "status" in message && message.status !== status;
  if (changed) status = message.status;
  pill.textContent = statusTitle || status || "";
  pill.dataset.status = status || "";
  root.dataset.status = status || "";
  if ("progress" in message) share = message.progress;
  if (run !== null) toTheTab(share);
  if (changed) { offerWord(); if (wasAtWork && ENDED.includes(status)) send(); wasAtWork = status === "running"; }
  if (changed || message.validation?.length || message.metric?.length) tell();
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
    drawnMetric = false;
    best = share = null;
    wasAtWork = false;
    document.title = ownTitle;
    for (const part of [stats, messageBox]) part.replaceChildren();
    log.textContent = phase.textContent = hint.textContent = pill.textContent = spoken.textContent = "";
    fill.style.width = "0";
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
