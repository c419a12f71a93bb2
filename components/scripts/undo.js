const root = element.querySelector(".ui-undo");
const SHOWN_FOR = 8000; // milliseconds that "Undone." stays
let pressed = false;
let clearing = null;

const press = () => { pressed = true; trigger("select", {}); };
// Where what was pressed is gone with the drawing of the page, the keyboard's place is here.
const hold = (node) => setTimeout(() => { if (document.activeElement === document.body) node.focus({ preventScroll: true }); }, 150);

const draw = () => {
  clearTimeout(clearing);
  if (props.value) {
    const button = h("button", { type: "button", class: "ui-link", "data-focus": "undo", "data-testid": "undo", onclick: press }, say("Undo"));
    redraw(root, [h("span", {}, props.value.said), button]);
    hold(button);
  } else if (pressed) {
    const done = h("span", { tabindex: "-1" }, say("Undone."));
    redraw(root, [done]);
    hold(done);
    clearing = setTimeout(() => redraw(root, []), SHOWN_FOR);
  } else redraw(root, []);
  pressed = false;
};
draw();
watch("value", draw);
