// The theme that the reader chose, before anything is painted. Without a choice the system decides.

try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset["theme"] = chosen;
} catch {
  // A browser that keeps nothing keeps no theme either.
}
