/** Seconds per unit of Prometheus' duration format, in the order in which they may follow each other. */
const units: Record<string, number> = { y: 31_536_000, w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001 };
const order = Object.keys(units);

/** Reads `1h30m`, `90s`, `1.5h` or a bare number of seconds; `null` when it is none of these or zero. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim().replaceAll(' ', '');
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) || null;
  let rest = trimmed;
  let seconds = 0;
  let last = -1;
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)(ms|[ywdhms])/.exec(rest);
    if (!part) return null;
    const unit = part[2]!;
    const place = order.indexOf(unit);
    if (place <= last) return null;
    last = place;
    seconds += Number(part[1]) * units[unit]!;
    rest = rest.slice(part[0].length);
  }
  return seconds > 0 ? seconds : null;
}

/** Writes seconds the way Prometheus reads them: `1h30m`, `15s`, `250ms`. */
export function formatDuration(seconds: number): string {
  let milliseconds = Math.round(seconds * 1000);
  if (milliseconds <= 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = units[unit]! * 1000;
    const count = Math.floor(milliseconds / size);
    if (count > 0) text += `${count}${unit}`;
    milliseconds -= count * size;
  }
  return text;
}
