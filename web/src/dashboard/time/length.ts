/** Lengths of time as Grafana's settings and Prometheus' ranges write them. */

const sizes: Record<string, number> = { y: 31_536_000_000, M: 2_592_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of `15s`, `>1m`, `1h30m`, or of a bare number of seconds; `null` when it is none of these. */
export function lengthMs(text: string): number | null {
  let rest = text.trim().replace(/^>\s*/, '');
  if (rest === '') return null;
  if (/^\d+(\.\d+)?$/.test(rest)) return Number(rest) * 1000;
  let sum = 0;
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)\s*(ms|[yMwdhms])\s*/.exec(rest);
    if (!part) return null;
    sum += Number(part[1]) * sizes[part[2]!]!;
    rest = rest.slice(part[0].length);
  }
  return sum;
}

/** A length in the largest unit that divides it: `90s`, `2m`, `1d`, `250ms`; always one number and one unit. */
export function lengthText(ms: number): string {
  const whole = Math.max(1, Math.round(ms));
  for (const unit of ['d', 'h', 'm', 's']) if (whole % sizes[unit]! === 0) return `${whole / sizes[unit]!}${unit}`;
  return `${whole}ms`;
}

/** The steps that intervals are rounded to, with the length from which on the next is taken, in milliseconds. */
const nice: [below: number, step: number][] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1_500, 1_000],
  [3_500, 2_000],
  [7_500, 5_000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [64_800_000, 43_200_000],
  [604_800_000, 86_400_000],
  [1_814_400_000, 604_800_000],
  [3_628_800_000, 2_592_000_000],
];

/** The nice interval nearest to a length, as Grafana rounds. */
export const niceInterval = (ms: number): number => nice.find(([below]) => ms < below)?.[1] ?? 31_536_000_000;
