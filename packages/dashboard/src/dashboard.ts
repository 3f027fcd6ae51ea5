// The one script of every page: each part looks for the elements it makes move.

import { startCharts } from "./charts.ts";
import { startForms } from "./forms.ts";
import { startTheme } from "./theme_toggle.ts";
import { startTimes } from "./times.ts";

startTheme();
startTimes(document);
startForms();
startCharts();
