// The page of the API: Swagger UI, which the server serves beside it, in the theme of the dashboard.

import { isDark, startTheme, THEME_CHANGED } from "./theme_toggle.ts";

/** What its bundle leaves in the page. */
declare const SwaggerUIBundle: ((options: object) => void) & { readonly presets: { readonly apis: object } };

const show = (): boolean => document.documentElement.classList.toggle("dark-mode", isDark());
document.addEventListener(THEME_CHANGED, show);
startTheme();
show();

const viewer = document.querySelector<HTMLElement>("[data-api]");
SwaggerUIBundle({ domNode: viewer, url: viewer?.dataset["api"], deepLinking: true, presets: [SwaggerUIBundle.presets.apis] });
