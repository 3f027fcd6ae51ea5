// Files dropped anywhere on the import page: sent one after the other, each with a line on what became of it.

interface Imported {
  format: string;
  stored: boolean;
  summary: string;
  conferences: Record<string, string>;
  skipped: string[];
}

export function startImport(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-import]");
  const results = document.querySelector<HTMLElement>("[data-import-results]");
  const list = results?.querySelector("ul");
  const input = form?.querySelector<HTMLInputElement>('input[type="file"]');
  if (!form || !results || !list || !input) return;
  let queue = Promise.resolve();
  const take = (files: Iterable<File>): void => {
    for (const file of files) {
      results.hidden = false;
      const line = document.createElement("li");
      line.append(element("b", file.name), element("span", "waiting", "muted"));
      list.append(line);
      queue = queue.then(() => send(form, file, line));
    }
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", () => {
    take(input.files ?? []);
    input.value = "";
  });
  // Depth: entering a child leaves the parent.
  let depth = 0;
  const over = (change: number): void => {
    depth = Math.max(0, depth + change);
    form.classList.toggle("over", depth > 0);
  };
  document.addEventListener("dragenter", () => over(1));
  document.addEventListener("dragleave", () => over(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(-depth);
    take(event.dataTransfer?.files ?? []);
  });
}

function element(name: string, text: string, className = ""): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

async function send(form: HTMLFormElement, file: File, line: HTMLElement): Promise<void> {
  const say = (state: string, ...content: (Node | string)[]): void => {
    line.className = state;
    line.replaceChildren(element("b", file.name), ...content);
  };
  say("", element("span", "importing …", "muted"));
  const url = new URL(form.action);
  url.searchParams.set("name", file.name);
  const conference = new FormData(form).get("conference");
  if (typeof conference === "string" && conference) url.searchParams.set("conference", conference);
  try {
    const answer = await fetch(url, { method: "POST", body: file, headers: { "x-form-token": form.dataset["formToken"] ?? "" } });
    if (!answer.ok) {
      const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
      return say("failed", element("span", problem.detail ?? `the server answered ${answer.status}`));
    }
    const imported = (await answer.json()) as Imported;
    const links = Object.entries(imported.conferences).map(([key, id]) => {
      const link = document.createElement("a");
      link.href = (form.dataset["conference"] ?? "").replace("KEY", key);
      link.textContent = id || "no id";
      return link;
    });
    const skipped = imported.skipped.length > 0 ? [element("span", `left out: ${imported.skipped.join("; ")}`, "muted")] : [];
    say("done", element("span", `${imported.format}: ${imported.summary}`, "muted"), ...links, ...skipped);
  } catch {
    say("failed", element("span", "the upload broke off; check the connection and try again"));
  }
}
