/** How often `CallStatsReceived` comes. */

/** By the documentation of the event; that of the setting says 1000. */
export const DEFAULT_MS = 10_000;
const STEP_MS = 500;
const LOW_BATTERY_MS = 10_000;
const LOW_BATTERY = 0.3;

/** State of the battery; `undefined` where the browser does not tell. */
export interface Battery {
  /** 0 to 1. */
  readonly level: number;
  readonly charging: boolean;
}

/**
 * Milliseconds between two reports, 0 for none: `Config.rtcStatsCollectionInterval` in whole steps of 500, at least 500. On a battery that
 * runs low it is 10 s or more.
 */
export function collectionIntervalMs(configured: number | undefined, battery?: Battery): number {
  const asked = configured === undefined || !Number.isFinite(Number(configured)) ? DEFAULT_MS : Number(configured);
  if (asked <= 0) return 0;
  const intervalMs = Math.max(STEP_MS, Math.floor(asked / STEP_MS) * STEP_MS);
  const isLow = battery !== undefined && battery.level <= LOW_BATTERY && !battery.charging;
  return isLow ? Math.max(LOW_BATTERY_MS, intervalMs) : intervalMs;
}
