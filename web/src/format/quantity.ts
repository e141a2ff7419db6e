/** What a value counts. `ratio` is shown in percent, `bytes` with powers of 1024. */
export type Unit = 'none' | 'bytes' | 'bytes/s' | 'seconds' | 'ratio';

const large = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const small = ['', 'm', 'µ', 'n', 'p'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const digits = (value: number) => {
  const size = Math.abs(value);
  const text = size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
};

function scaled(value: number, base: number, up: string[], down: string[]): [string, string] {
  const size = Math.abs(value);
  let power = 0;
  let rest = size;
  while (rest >= base && power < up.length - 1) {
    rest /= base;
    power += 1;
  }
  while (rest < 1 && rest > 0 && power > -(down.length - 1)) {
    rest *= base;
    power -= 1;
  }
  if (rest < 0.001) return ['0', ''];
  if (base === 1000 && rest >= 999.5 && power < up.length - 1) {
    rest = 1;
    power += 1;
  }
  return [digits(Math.sign(value) * rest), power >= 0 ? up[power]! : down[-power]!];
}

/** A value short enough for an axis: `1.25k`, `38 %`, `1.5 GiB`, `12 ms`. */
export function quantity(value: number, unit: Unit = 'none'): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return unit === 'ratio' ? '0 %' : unit === 'none' ? '0' : `0 ${symbol(unit)}`;
  if (unit === 'ratio') return `${digits(value * 100)} %`;
  if (unit === 'bytes' || unit === 'bytes/s') {
    const [number, prefix] = scaled(value, 1024, binary, ['']);
    return `${number} ${prefix}${symbol(unit)}`;
  }
  if (unit === 'seconds' && Math.abs(value) >= 60) {
    const [size, name] = Math.abs(value) >= 86_400 ? [86_400, 'd'] : Math.abs(value) >= 3_600 ? [3_600, 'h'] : [60, 'min'];
    return `${digits(value / size)} ${name}`;
  }
  // A bare number reads better as 0.83 than as 830m; only what is smaller still gets a prefix.
  if (unit === 'none' && Math.abs(value) >= 0.001 && Math.abs(value) < 999.5) return String(Number(value.toPrecision(3)));
  const [number, prefix] = scaled(value, 1000, large, small);
  return unit === 'none' ? `${number}${prefix}` : `${number} ${prefix}${symbol(unit)}`;
}

const symbol = (unit: Unit) => ({ none: '', bytes: 'B', 'bytes/s': 'B/s', seconds: 's', ratio: '%' })[unit];

/** The unit that a metric's name promises by Prometheus' naming rules; `none` when in doubt. */
export function unitOfMetric(name: string | undefined): Unit {
  if (!name) return 'none';
  if (/_bytes$/.test(name)) return 'bytes';
  if (/_seconds$/.test(name) && !/_timestamp_seconds$/.test(name)) return 'seconds';
  if (/_ratio$/.test(name)) return 'ratio';
  return 'none';
}

/** A sample's text as the server wrote it, as a number; Prometheus writes `NaN`, `+Inf` and `-Inf`. */
export function sampleValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return Number(text);
}
