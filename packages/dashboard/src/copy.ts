// What the reader is to take along: a button beside it copies it, and lines for a page name the address by which the reader came here.

const BACK_MS = 2000;

export function startCopy(): void {
  for (const address of document.querySelectorAll("[data-own-address]")) address.textContent = location.origin;
  // Only where the browser lets a page do it: over HTTPS, or on this very machine.
  if (!navigator.clipboard) return;
  for (const text of document.querySelectorAll<HTMLElement>("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.ariaLive = "polite";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const isCopied = await navigator.clipboard.writeText(text.textContent).then(
        () => true,
        () => false,
      );
      button.textContent = isCopied ? "Copied" : "Not allowed";
      setTimeout(() => (button.textContent = "Copy"), BACK_MS);
    });
    (text.closest("pre") ?? text).after(button);
  }
}
