// What the charts made with plotly.js share: loading the library when the first is drawn, colours of the page, a plain layout.
const plotly = async () => {
  window.plotlyLoading ??= new Promise((resolve) => {
    const failed = () => { window.plotlyLoading = undefined; resolve(); }; // the next chart tries again
    document.head.append(h("script", { src: document.getElementById("plotly-source").href, onload: resolve, onerror: failed }));
  });
  await window.plotlyLoading;
  return element.isConnected ? window.Plotly : null;
};
const PLOT_CONFIG = { displaylogo: false, responsive: false, displayModeBar: false, scrollZoom: false, doubleClick: "reset+autosize" };
const axis = (more) => ({
  gridcolor: cssColor("--chart-grid"), zeroline: false, linecolor: cssColor("--chart-grid"), automargin: true,
  tickfont: { size: 11, color: cssColor("--body-text-color-subdued") }, tickcolor: "rgba(0,0,0,0)", ticklen: 4, fixedrange: false, ...more,
});
const signs = Object.fromEntries(new Intl.NumberFormat(readersLanguage).formatToParts(12345.6).map(({ type, value }) => [type, value]));
const plainLayout = (more) => ({
  separators: `${signs.decimal}${signs.group}`,
  autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: "zoom",
  margin: { l: 46, r: 14, t: 8, b: 38 }, uirevision: "keep", hovermode: "x unified", hoversubplots: "axis",
  font: { family: getComputedStyle(element).fontFamily, size: 12, color: cssColor("--body-text-color") },
  hoverlabel: { bgcolor: cssColor("--background-fill-primary"), bordercolor: cssColor("--border-color-primary"), font: { size: 12, color: cssColor("--body-text-color") } },
  ...more,
});
// Shares are drawn as percent, in the reader's signs: plotly.js knows the English one alone.
const percentSign = inPercent(0.5).replace(/^\p{Nd}+/u, "");
const PERCENT_AXIS = { tickformat: ".3~r", ticksuffix: percentSign };
const asPercent = (y) => y.map((share) => (Number.isFinite(share) ? 100 * share : share));
// A curve of a run looks the same in every chart.
const runCurve = (x, y, name, color, { marked, percent, dash, ...more } = {}) => ({
  x, y: percent ? asPercent(y) : y, name, type: "scatter", mode: marked ? "lines+markers" : "lines", line: { color, width: 2.2, dash: dash || "solid" }, marker: { size: 6, color },
  cliponaxis: !marked, hovertemplate: percent ? `%{y:.3~r}${percentSign}` : "%{y:.4g}", ...more,
});
// Follows the width of its place, also when a hidden tab is opened.
const followSize = (place) => {
  const observer = new ResizeObserver(() => {
    if (!place.isConnected) observer.disconnect();
    else if (place.clientWidth > 0 && place.data) window.Plotly.Plots.resize(place);
  });
  observer.observe(place);
};
// Buttons that save a chart as a picture, and its points as a table: rows of [step, series, value].
const downloads = (place, name, rows) => {
  const picture = (format) => () => window.Plotly?.downloadImage(place, { format, filename: name(), width: 1200, height: 720, scale: 2 });
  const table = () => {
    const text = [["step", "series", "value"], ...rows()].map((row) => `${row.join(",")}\n`).join("");
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `${name()}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const save = (format, action) => h("button", { type: "button", class: "ui-link", "aria-label": say("Download the chart as {format}", { format }), "data-testid": `chart-${format}`, onclick: action }, format);
  return h("span", { class: "ui-downloads" }, say("Download"), save("PNG", picture("png")), save("SVG", picture("svg")), save("CSV", table));
};
