// Images in the size of the window, one after the other. items: [{ caption, node: () => what is shown }]. opener: gives
// the element that has the focus afterwards.
const enlarge = (items, first, opener) => {
  let place = first;
  const picture = h("div", { class: "ui-lightbox-picture" });
  const caption = h("p", { class: "ui-lightbox-caption", role: "status" });
  const move = (way) => { place = (place + way + items.length) % items.length; show(); };
  const button = (sign, words, act) => h("button", { type: "button", class: "ui-lightbox-button", "aria-label": words, title: words, onclick: act }, sign);
  const dialog = h("dialog", { class: "ui-lightbox", "aria-label": say("Larger image"), "data-testid": "lightbox" },
    h("div", { class: "ui-lightbox-bar" }, caption,
      items.length > 1 ? [button("‹", say("Previous image"), () => move(-1)), button("›", say("Next image"), () => move(1))] : null,
      button("×", say("Close"), () => dialog.close())),
    picture);
  const show = () => { picture.replaceChildren(items[place].node()); caption.textContent = items[place].caption; };
  dialog.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way) { event.preventDefault(); move(way); }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target === picture) dialog.close(); });
  dialog.addEventListener("close", () => { dialog.remove(); opener(place)?.focus({ preventScroll: true }); });
  document.body.append(dialog);
  show();
  dialog.showModal();
};
// A drawing as it stands on the page, with the larger image in it where there is one.
const enlarged = (drawing) => {
  const copy = drawing.cloneNode(true);
  const image = copy.matches("img") ? copy : copy.querySelector("img");
  if (image) {
    image.src = image.dataset.large || image.src;
    image.loading = "eager";
  }
  return copy;
};
