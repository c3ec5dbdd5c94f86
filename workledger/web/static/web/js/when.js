// Fields that only one choice asks for: shown while it is made, else neither shown nor sent. [data-when="name=a|b"]
function settle(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, wanted] = part.dataset.when.split("=");
    const control = form.elements.namedItem(name);
    const isAsked = Boolean(control) && !control.matches(":disabled") && wanted.split("|").includes(control.value);
    part.hidden = part.disabled = !isAsked;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.form?.querySelector("[data-when]")) settle(event.target.form);
});
for (const part of document.querySelectorAll("[data-when]")) settle(part.form); // after Back, the browser keeps the choice
