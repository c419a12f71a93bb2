// What is said is put into a region that was there before: so it is announced.
const root = element.querySelector(".ui-message");

const draw = () => {
  root.replaceChildren(markup(props.value));
  if (props.value) bringToSight(root);
};
draw();
watch("value", draw);
