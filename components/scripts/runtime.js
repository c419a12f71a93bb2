// Templates stay static: Gradio puts `${value}` in as markup, and evaluates `${...}` that data brings into `{{value}}`.
// What every component's script starts with. Text from data enters the page through `h` alone, as text
// nodes and attributes, never as markup; `markup` is for drawings and notices made by our own Python.
const h = (tag, attributes, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
};
const markup = (text) => {
  const holder = document.createElement("template");
  holder.innerHTML = text || "";
  return holder.content;
};
// Our own words in the reader's language; the page's head brings the translations, by the English sentence.
const readersLanguage = document.documentElement.lang || "en";
const filled = (sentence, values) => sentence.replace(/{(\w+)}/g, (place, name) => String(values?.[name] ?? place));
const say = (sentence, values) => filled(window.studioWords?.[sentence]?.[0] ?? sentence, values);
const plural = (one, many, n, values) => {
  const forms = window.studioWords?.[one];
  const isOne = new Intl.PluralRules(forms ? readersLanguage : "en").select(n) === "one";
  return filled(forms ? (isOne ? forms[0] : forms.at(-1)) : isOne ? one : many, { n: grouped(n), ...values });
};
// Names in a row, without a last word between them.
const listed = (names) => names.join(/^(zh|ja)/.test(readersLanguage) ? "、" : ", ");
const numberFormat = new Intl.NumberFormat(readersLanguage);
// A number with so many significant digits, in powers of ten where it is too small or too large to be read.
const significant = (number, digits = 4) => {
  const size = Math.abs(number), isFar = number !== 0 && (size >= 1e7 || size < 1e-4);
  return new Intl.NumberFormat(readersLanguage, { maximumSignificantDigits: digits, notation: isFar ? "scientific" : "standard" }).format(number);
};
const grouped = (number) => numberFormat.format(Number(number));
// A share as percent, as `in_percent` of components.words writes it.
const inPercent = (share, digits = 0) => {
  const rounded = Number((100 * share).toFixed(digits)), more = share > 0 && share < 1 && (rounded <= 0 || rounded >= 100);
  const places = digits + more, least = 10 ** -(places + 2);
  const written = new Intl.NumberFormat(readersLanguage, { style: "percent", minimumFractionDigits: places, maximumFractionDigits: places });
  return written.format(more ? Math.min(Math.max(share, least), 1 - least) : share);
};
// A term of the page's glossary: words that explain themselves, or a question mark behind words that name it.
const termButton = (name, words) => h("button", { type: "button", class: "ui-term", "aria-describedby": `term-${name}` }, words);
const termMark = (name, words) => h("button", {
  type: "button", class: "ui-term ui-term-mark", "aria-describedby": `term-${name}`, "aria-label": say("{term}: what does this mean?", { term: words }),
}, "?");
const TONES = ["neutral", "accent", "info", "good", "warning", "bad"];
const badge = (text, tone) => h("span", { class: `ui-badge ui-badge-${TONES.includes(tone) ? tone : "neutral"}` }, text);
// Redraws without losing the keyboard's place: the focused element is found again by data-focus.
const redraw = (root, children) => {
  const held = root.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  root.replaceChildren(...[children].flat(Infinity).filter((child) => child instanceof Node));
  if (held) root.querySelector(`[data-focus="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
};
// Scrolls to what shows a choice, where it cannot be seen.
const reveal = (id) => {
  const shown = id ? document.getElementById(id) : null;
  const box = shown?.getBoundingClientRect();
  if (box && (box.top < 0 || box.top > innerHeight - 240)) shown.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
};
// Scrolls to what is said, where it cannot be seen whole: below is the bar with Continue.
const bringToSight = (root) => {
  const box = root.getBoundingClientRect();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (box.top < 0 || box.bottom > innerHeight - 90) root.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
};
const onThemeChange = (callback) => {
  const observer = new MutationObserver(() => (element.isConnected ? callback() : observer.disconnect()));
  observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
};
// Where the system chooses the colours, ours are its names, which charts do not know: as numbers they do.
const inNumbers = (color) => {
  const probe = h("i", { style: `forced-color-adjust: none; color: ${color}` });
  element.append(probe);
  const numbers = getComputedStyle(probe).color;
  probe.remove();
  return numbers;
};
const cssColor = (name) => {
  const color = getComputedStyle(element).getPropertyValue(name).trim();
  return matchMedia("(forced-colors: active)").matches && !/^[\d\s,]+$/.test(color) ? inNumbers(color) : color;
};
// What the person has begun in this component, and what is next to do about it: the bar at the foot of the page says so.
const nextStep = (words) => document.dispatchEvent(new CustomEvent("nextstep", { detail: { element, words } }));
