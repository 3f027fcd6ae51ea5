// Small comforts of forms: send on change, leave empty fields out of the address and what was sent out of a page loaded anew, close a menu that lost the focus.

export function startForms(): void {
  // What is shown once is the answer to a form: loaded anew, the page would send the form again, and there would be another app or secret.
  const page = document.querySelector<HTMLElement>("[data-shown-once]")?.dataset["shownOnce"];
  if (page) history.replaceState(null, "", page);
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-submit-on-change]")) {
    // By keys one passes over choices on the way to another: whoever uses them sends by the button, which stands there then.
    const byKeys = (is: boolean): boolean => form.classList.toggle("by-keys", is);
    form.addEventListener("keydown", ({ key }) => key !== "Tab" && key !== "Shift" && byKeys(true));
    form.addEventListener("pointerdown", () => byKeys(false));
    form.addEventListener("change", () => form.classList.contains("by-keys") || form.requestSubmit());
  }
  for (const form of document.querySelectorAll<HTMLFormElement>('form[method="get"]')) {
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
    });
  }
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu")) {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    });
    document.addEventListener("pointerdown", (event) => {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    });
  }
}
