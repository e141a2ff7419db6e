const pad = (value: number, width = 2) => String(value).padStart(width, '0');

/** Local date and time to the second: `2026-11-22 20:15:04`. */
export function exactTime(at: Date): string {
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clockTime(at)}`;
}

/** Local time of day: `20:15:04`. */
export function clockTime(at: Date): string {
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** The value of an `<input type="datetime-local" step="1">` for a moment. */
export function inputTime(at: Date): string {
  return exactTime(at).replace(' ', 'T');
}

/** The weekday and time of a handover: `Mon 23 Nov 09:00`. */
export function dayTime(at: Date): string {
  const day = at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' }).replace(',', '');
  return `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

const units: [number, string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];

/** A length of time for reading, two units at most: `45 s`, `3 min 20 s`, `2 d 4 h`. */
export function length(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const sign = seconds < 0 ? '−' : '';
  let rest = Math.abs(seconds);
  if (rest < 1) return rest === 0 ? '0 s' : `${sign}${Math.max(1, Math.round(rest * 1000))} ms`;
  if (rest < 10) return `${sign}${Number(rest.toFixed(1))} s`;
  rest = Math.round(rest);
  for (const [index, [size, name]] of units.entries()) {
    if (rest >= size) {
      const whole = Math.floor(rest / size);
      const [nextSize, nextName] = units[index + 1] ?? [1, 's'];
      const more = Math.floor((rest - whole * size) / nextSize);
      return `${sign}${whole} ${name}${more > 0 ? ` ${more} ${nextName}` : ''}`;
    }
  }
  return `${sign}${rest} s`;
}

/** How far `at` is from `now`, in one unit: `just now`, `4 min ago`, `in 2 h`. */
export function relativeTime(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 2) return 'just now';
  const [value, name] =
    size < 60 ? [size, 's'] : size < 3_600 ? [Math.floor(size / 60), 'min'] : size < 172_800 ? [Math.floor(size / 3_600), 'h'] : [Math.floor(size / 86_400), 'd'];
  return seconds < 0 ? `in ${value} ${name}` : `${value} ${name} ago`;
}

/** Go's zero time means "never" in Prometheus' answers. */
export function isNever(text: string | null | undefined): boolean {
  return !text || text.startsWith('0001-');
}
