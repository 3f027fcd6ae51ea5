// The one script of every page: each part looks for the elements it makes move.

import { startCharts } from "./charts.ts";
import { startCopy } from "./copy.ts";
import { startForms } from "./forms.ts";
import { startImport } from "./import.ts";
import { startLiveList } from "./live_list.ts";
import { startRaw } from "./raw.ts";
import { startRunning } from "./running.ts";
import { startTheme } from "./theme_toggle.ts";
import { startTimes, startZone } from "./times.ts";
import { startWhy } from "./why.ts";

startTheme();
startTimes(document);
startZone();
startForms();
startCopy();
startCharts();
startLiveList();
startWhy();
startRunning();
startImport();
startRaw();
