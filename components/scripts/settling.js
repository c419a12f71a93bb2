// A page is shown once it stands still: what it asks the server for is there, and nothing in it grows any more.
const STILL = 80, LONGEST = 1500; // milliseconds
const isBusy = (page) => [...page.querySelectorAll("[aria-busy=true]")].some((part) => part.checkVisibility());

const settle = (key, then) => {
  const began = performance.now();
  let height = 0, since = began;
  document.body.dataset.settling = key;
  const look = () => {
    if (document.body.dataset.settling !== key) return; // another one was opened meanwhile
    const page = document.getElementById(`page-${key}`), now = performance.now();
    const is = page?.offsetHeight || 0;
    if (!is || is !== height || isBusy(page)) { height = is; since = now; }
    if (now - since < STILL && now - began < LONGEST) { setTimeout(look, STILL / 4); return; }
    delete document.body.dataset.settling;
    then();
  };
  look();
};
