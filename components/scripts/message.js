// What is said is put into a region that was there before: so it is announced.
const root = element.querySelector(".ui-message");

const draw = () => {
  root.replaceChildren(markup(props.value));
  if (!props.value) return;
  const box = root.getBoundingClientRect();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (box.top < 0 || box.bottom > innerHeight - 90) root.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
};
draw();
watch("value", draw);
