const nav = element.querySelector("nav");
nav.setAttribute("aria-label", say("Steps"));
let opened = null; // the key of the page that is open
let shown = {}; // of the answers that arrive in another order than they were made in, the newest
const inTheDark = () => document.body.classList.contains("dark");

const step = (entry, number) => {
  const locked = entry.state === "locked";
  const mark = h("span", { class: "ui-step-mark", "aria-hidden": "true" });
  if (entry.state === "done") mark.append(markup(props.tick));
  else mark.append(String(number));
  const spoken = { done: say("done"), locked: say("not open yet") }[entry.state];
  return h("li", { class: `ui-step ui-step-${entry.state}` },
    h("button", {
      type: "button", "data-focus": entry.key, "data-testid": `step-${entry.key}`,
      "aria-current": entry.state === "current" ? "step" : null,
      "aria-disabled": locked ? "true" : null,
      title: locked ? entry.reason : null,
      onclick: () => { if (!locked) trigger("select", { key: entry.key }); },
    }, mark, h("span", { class: "ui-step-title" }, entry.title),
    h("span", { class: "ui-sr-only" }, (spoken ? `, ${spoken}` : "") + (locked && entry.reason ? `: ${entry.reason}` : ""))));
};

const side = (entry, drawings) => h("button", {
  type: "button", class: `ui-side-entry ui-side-${entry.state || "open"}`, "data-focus": entry.key,
  "data-testid": `step-${entry.key}`, "aria-label": entry.title,
  "aria-current": entry.state === "current" ? "page" : null,
  "aria-disabled": entry.state === "locked" ? "true" : null,
  title: entry.state === "locked" ? entry.reason : null,
  onclick: () => { if (entry.state !== "locked") trigger("select", { key: entry.key }); },
}, entry.icon ? markup(drawings?.[entry.icon]) : null, h("span", { class: "ui-side-title" }, entry.title));

const toggle = () => h("button", {
  type: "button", class: "ui-theme-toggle", "data-focus": "theme-toggle", "data-testid": "theme-toggle",
  "aria-label": inTheDark() ? say("Switch to light colours") : say("Switch to dark colours"),
  title: inTheDark() ? say("Light") : say("Dark"),
  onclick: () => {
    const scheme = inTheDark() ? "light" : "dark";
    try { localStorage.setItem("color-scheme", scheme); } catch { /* private windows may refuse: the choice then lasts for this page */ }
    document.documentElement.dataset.scheme = scheme;
    document.body.classList.toggle("dark", scheme === "dark");
  },
}, markup(inTheDark() ? props.sun : props.moon));

// In a few letters where there is no room for all of them: never cut.
const machine = (whole, brief) => h("span", { class: "ui-machine", title: whole }, h("i", { "aria-hidden": "true" }),
  h("span", { class: "ui-machine-whole" }, whole), h("span", { class: "ui-machine-brief", "aria-hidden": "true" }, brief || ""));
const fit = () => {
  const chip = nav.querySelector(".ui-machine"), whole = chip?.querySelector(".ui-machine-whole");
  if (!whole) return;
  chip.classList.remove("ui-machine-short");
  chip.classList.toggle("ui-machine-short", whole.scrollWidth > whole.clientWidth);
};

const account = (entry) => h("form", { class: "ui-account", method: entry.method, action: entry.action },
  h("span", { class: "ui-account-name", title: entry.name }, entry.name),
  h("button", { type: "submit", "data-focus": "account", "data-testid": "account" }, entry.words));

const headingOf = (key) => document.querySelector(`#page-${CSS.escape(key)} :is(h2, h3)`);

const focusHeading = (key) => {
  const heading = headingOf(key);
  if (!heading?.checkVisibility()) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
};

// A page opens at its top, and the keyboard and the screen reader at its heading.
const arrive = (key) => {
  window.scrollTo(0, 0);
  focusHeading(key);
};

const skip = () => h("a", {
  class: "ui-skip", href: "#pages", "data-focus": "skip",
  onclick: (event) => { event.preventDefault(); if (opened) arrive(opened); },
}, say("Skip to the page"));

const closeOnEscape = (event) => {
  if (event.key !== "Escape" || !event.currentTarget.open) return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary").focus();
};
const closeOnLeaving = (event) => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false; };

// A press of a language's name loads the page again: everything in it is said anew.
const languages = ({ chosen, action, names }) => h("details", { class: "ui-languages", onkeydown: closeOnEscape, onfocusout: closeOnLeaving },
  h("summary", { "data-focus": "languages", "data-testid": "languages", "aria-label": `${say("Language")}: ${names[chosen]}`, title: say("Language") }, markup(props.globe)),
  h("form", { method: "post", action }, Object.entries(names).map(([code, name]) => h("button", {
    type: "submit", name: "language", value: code, lang: code, "data-testid": `language-${code}`,
    "aria-current": code === chosen ? "true" : null,
  }, name))));

const draw = () => {
  const told = props.value || {};
  if (!(told.made < shown.made)) shown = told;
  const value = shown;
  const [first, ...rest] = String(value.brand || "").split(" ");
  redraw(nav, [
    skip(),
    h("h1", { class: "ui-brand" }, props.logo ? markup(props.logo) : null,
      h("span", { class: "ui-brand-name" }, h("b", {}, first), rest.length ? ` ${rest.join(" ")}` : "")),
    h("ol", { class: "ui-steps" }, (value.steps || []).map((entry, index) => step(entry, index + 1))),
    h("div", { class: "ui-side" }, (value.side || []).map((entry) => side(entry, value.drawings)),
      value.machine ? machine(value.machine, value.machine_brief) : null,
      value.languages ? languages(value.languages) : null,
      toggle(),
      value.account ? account(value.account) : null),
  ]);
  fit();
  const current = [...(value.steps || []), ...(value.side || [])].find((entry) => entry.state === "current")?.key;
  if (current && current !== opened) {
    const isFirst = !opened;
    document.body.dataset.page = opened = current;
    settle(current, () => { if (!isFirst) arrive(current); });
  }
  drawGuide(value.guide, () => headingOf(opened)?.focus({ preventScroll: true }));
};
draw();
watch("value", draw);
onThemeChange(draw);
keepFocus((page) => { if (page === `page-${opened}`) focusHeading(opened); });
new ResizeObserver(fit).observe(nav);
