// Light or dark: what the person chose here before, else what their system says. Gradio sets the class
// `dark` on the body from the system alone, so the choice is put back whenever the two differ.
(() => {
  const chosen = () => {
    if (document.documentElement.dataset.scheme) return document.documentElement.dataset.scheme;
    try { return localStorage.getItem("color-scheme"); } catch { return null; }
  };
  const apply = () => {
    const scheme = chosen();
    if (!document.body || (scheme !== "dark" && scheme !== "light")) return;
    if (document.body.classList.contains("dark") !== (scheme === "dark")) document.body.classList.toggle("dark", scheme === "dark");
  };
  const watchBody = () => {
    apply();
    new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  };
  if (document.body) watchBody(); else document.addEventListener("DOMContentLoaded", watchBody);
})();
