// A line unfolds into what stands behind it: [data-unfold] shows and hides the element it controls; htmx fetches it once.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-unfold]");
  if (!button) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
});
