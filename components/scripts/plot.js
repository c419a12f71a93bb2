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
const plainLayout = (more) => ({
  autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: "zoom",
  margin: { l: 46, r: 14, t: 8, b: 38 }, uirevision: "keep", hovermode: "x unified",
  font: { family: getComputedStyle(element).fontFamily, size: 12, color: cssColor("--body-text-color") },
  hoverlabel: { bgcolor: cssColor("--background-fill-primary"), bordercolor: cssColor("--border-color-primary"), font: { size: 12, color: cssColor("--body-text-color") } },
  ...more,
});
// Follows the width of its place, also when a hidden tab is opened.
const followSize = (place) => {
  const observer = new ResizeObserver(() => {
    if (!place.isConnected) observer.disconnect();
    else if (place.clientWidth > 0 && place.data) window.Plotly.Plots.resize(place);
  });
  observer.observe(place);
};
