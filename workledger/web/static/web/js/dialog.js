// Dialogs: opened by [data-dialog="id"], closed by their cross, by Esc and by a press beside them; one that htmx brings opens itself.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    document.getElementById(opener.dataset.dialog)?.showModal();
    return;
  }
  const dialog = event.target.closest("dialog");
  if (!dialog || dialog.hasAttribute("data-shown")) return;
  if (event.target.closest("[data-dialog-close]") || event.target === dialog) dialog.close();
});
document.addEventListener("htmx:load", (event) => {
  const dialog = event.target.matches?.("dialog.dialog") ? event.target : event.target.querySelector?.("dialog.dialog[data-open]");
  if (dialog && !dialog.open) dialog.showModal();
});
