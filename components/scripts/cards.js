const group = element.querySelector(".ui-cards");

const choose = (card) => {
  if (card.disabled) return;
  props.value = { ...props.value, selected: card.key };
  draw();
  trigger("select", { key: card.key });
  if (props.opens) revealOnceDrawn();
};

// What the choice leads to is drawn by the server, a moment later.
const revealOnceDrawn = (tries = 40) => {
  if (document.getElementById(props.opens)?.textContent.trim()) setTimeout(reveal, 200, props.opens);
  else if (tries) setTimeout(revealOnceDrawn, 100, tries - 1);
};

const move = (event) => {
  const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const buttons = [...group.querySelectorAll("[role=radio]")];
  if (event.key === "Home") buttons[0].focus();
  else if (event.key === "End") buttons.at(-1).focus();
  else if (way) buttons[(buttons.indexOf(event.currentTarget) + way + buttons.length) % buttons.length].focus();
  else return;
  event.preventDefault();
};

// The cards of each group in a row of their own, wide as their number wants.
const besideEachOther = (cards, nodes) => [...new Set(cards.map((card) => card.group))].map((name) => {
  const own = nodes.filter((node, index) => cards[index].group === name);
  return h("div", { class: "ui-card-set", style: `--cards: ${own.length}` }, h("div", { class: "ui-card-group" }, name), own);
});

const draw = () => {
  const value = props.value || {};
  const cards = value.cards || [];
  group.setAttribute("aria-label", value.label || say("Choices"));
  const entry = cards.find((card) => card.key === value.selected) || cards.find((card) => !card.disabled) || cards[0];
  group.classList.toggle("ui-cards-beside", Boolean(value.beside));
  const nodes = cards.map((card) => h("div", {
    role: "radio", class: "ui-card", "data-focus": card.key, "data-testid": `card-${card.key}`,
    "aria-checked": String(card.key === value.selected), "aria-disabled": card.disabled ? "true" : null,
    tabindex: card === entry ? "0" : "-1",
    onclick: () => choose(card),
    onfocus: (event) => {
      for (const other of group.querySelectorAll("[role=radio]")) other.tabIndex = other === event.currentTarget ? 0 : -1;
    },
    onkeydown: (event) => {
      if (event.key === " " || event.key === "Enter") { event.preventDefault(); choose(card); } else move(event);
    },
  },
  h("span", { class: "ui-card-tick", "aria-hidden": "true" }, markup(props.tick)),
  card.picture ? h("span", { class: "ui-card-picture", "aria-hidden": "true" }, markup(value.pictures?.[card.picture])) : null,
  card.icon ? h("span", { class: "ui-card-icon", "aria-hidden": "true" }, markup(value.drawings?.[card.icon])) : null,
  h("span", { class: "ui-card-title" }, card.title),
  card.text ? h("span", { class: "ui-card-text" }, card.text) : null,
  card.details?.length ? h("ul", { class: "ui-card-details" }, card.details.map((line) => h("li", {}, line))) : null,
  card.tags?.length ? h("span", { class: "ui-card-tags" }, card.tags.map((tag) => badge(tag.text, tag.tone))) : null,
  card.disabled ? h("span", { class: "ui-card-reason" }, card.disabled) : null));
  redraw(group, value.beside ? besideEachOther(cards, nodes) : cards.map((card, index) => [
    card.group && card.group !== cards[index - 1]?.group ? h("div", { class: "ui-card-group" }, card.group) : null, nodes[index],
  ]));
};
draw();
watch("value", draw);
