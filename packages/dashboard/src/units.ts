// Numbers as people read them; the same forms as the server's.

export type Unit = "bit/s" | "ratio" | "ms" | "score" | "px" | "fps";

export function show(value: number, unit: Unit): string {
  switch (unit) {
    case "bit/s":
      if (value >= 1e6) return `${(value / 1e6).toFixed(2)} Mbit/s`;
      return value >= 1e3 ? `${(value / 1e3).toFixed(0)} kbit/s` : `${value.toFixed(0)} bit/s`;
    case "ratio": {
      const percent = value * 100;
      if (percent === 0) return "0 %";
      if (percent < 0.1) return `${percent.toFixed(2)} %`;
      return percent < 10 ? `${percent.toFixed(1)} %` : `${percent.toFixed(0)} %`;
    }
    case "score":
      return value.toFixed(1);
    default:
      return `${value !== 0 && Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
  }
}

/** Labels of an axis: as short as the steps between them allow, each with its unit. */
export function showTicks(ticks: number[], unit: Unit): string[] {
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0)) || 1;
  // The fewest that write the step as it is: 0.5 with one, 2.5 too.
  const digits = (step: number): number => [0, 1, 2, 3].find((count) => Math.abs(step * 10 ** count - Math.round(step * 10 ** count)) < 1e-6 * step * 10 ** count) ?? 4;
  return ticks.map((tick) => {
    switch (unit) {
      case "bit/s":
        if (tick === 0) return "0";
        return ticks.some((other) => other >= 1e6) ? `${(tick / 1e6).toFixed(digits(step / 1e6))} Mbit/s` : `${(tick / 1e3).toFixed(digits(step / 1e3))} kbit/s`;
      case "ratio":
        return `${(tick * 100).toFixed(digits(step * 100))} %`;
      case "score":
        return tick.toFixed(digits(step));
      default:
        return `${tick.toFixed(digits(step))} ${unit}`;
    }
  });
}
