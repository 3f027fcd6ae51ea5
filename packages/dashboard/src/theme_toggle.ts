// The button that changes between light and dark, and tells whoever paints by hand.

export const THEME_CHANGED = "sidetone-theme";

const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : system.matches;
}

export function startTheme(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>("[data-theme-toggle]");
  const show = (): void => buttons.forEach((button) => button.setAttribute("aria-pressed", String(isDark())));
  const changed = (): void => {
    show();
    document.dispatchEvent(new Event(THEME_CHANGED));
  };
  buttons.forEach((button) =>
    button.addEventListener("click", () => {
      const theme = isDark() ? "light" : "dark";
      document.documentElement.dataset["theme"] = theme;
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // It then holds for this page only.
      }
      changed();
    }),
  );
  system.addEventListener("change", changed);
  // Chosen in another tab.
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== "theme" || (newValue !== "dark" && newValue !== "light")) return;
    document.documentElement.dataset["theme"] = newValue;
    changed();
  });
  show();
}
