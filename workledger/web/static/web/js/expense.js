// The form of an expense asks what the chosen category needs: an amount, a distance or days.
function show(select) {
  const kind = select.selectedOptions[0]?.dataset.kind;
  for (const part of select.form.querySelectorAll("[data-for-kind]")) {
    part.hidden = !part.dataset.forKind.split(" ").includes(kind);
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-kind-select]")) show(event.target);
});
for (const select of document.querySelectorAll("[data-kind-select]")) show(select); // after Back, the browser keeps the choice
