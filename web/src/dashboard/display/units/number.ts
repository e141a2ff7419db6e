/** Numbers as text, with as many decimals as are asked for or as make three significant digits. */

/** What a value says: `prefix + text + suffix`. */
export interface Formatted {
  text: string;
  prefix?: string;
  suffix?: string;
}

/** What dates are written by. */
export interface FormatContext {
  /** An IANA name; absent for the browser's zone. */
  timeZone?: string;
  /** Milliseconds since 1970. */
  now?: number;
  /** Whether dates show milliseconds. */
  showMs?: boolean;
}

export type Decimals = number | null | undefined;
export type Format = (value: number, decimals: Decimals, context: FormatContext) => Formatted;

/** Whole numbers get none, others three significant digits, as Grafana's automatic decimals do. */
export function autoDecimals(value: number): number {
  if (value % 1 === 0 || !Number.isFinite(value)) return 0;
  const size = Math.abs(value);
  let power = Math.floor(Math.log10(size));
  if (10 ** (power + 1) <= size) power += 1;
  return Math.min(Math.max(0, 2 - power), 300);
}

/** Beyond this no double has a digit that means something. */
const mostDecimals = 100;

/** The number with exactly `decimals` places; infinite ones as `∞`. */
export function fixed(value: number, decimals?: Decimals): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const wanted = decimals == null || !Number.isFinite(decimals) ? autoDecimals(value) : Math.max(0, Math.round(decimals));
  const factor = 10 ** wanted;
  const scaled = value * factor;
  // -0 is no number that a person wants to read.
  const rounded = Number.isFinite(scaled) && Number.isFinite(factor) ? Math.round(scaled) / factor || 0 : value;
  const text = String(rounded);
  if (text.includes('e')) return text;
  const point = text.indexOf('.');
  const places = point === -1 ? 0 : text.length - point - 1;
  const missing = Math.min(wanted, mostDecimals) - places;
  return missing > 0 ? `${text}${point === -1 ? '.' : ''}${'0'.repeat(missing)}` : text;
}

const endless = (value: number): Formatted | undefined => (Number.isFinite(value) ? undefined : { text: fixed(value) });

/** `12.3 unit`, or `unit12.3`. */
export function plain(unit: string, asPrefix = false): Format {
  if (unit === '') return (value, decimals) => ({ text: fixed(value, decimals) });
  return asPrefix
    ? (value, decimals) => ({ text: fixed(value, decimals), prefix: unit })
    : (value, decimals) => ({ text: fixed(value, decimals), suffix: ` ${unit}` });
}

/** Divides by `factor` until the value is below it; `base` is the place among `suffixes` of the unit that values come in. */
export function scaled(factor: number, suffixes: string[], base = 0): Format {
  return (value, decimals) => {
    const none = endless(value);
    if (none) return none;
    let at = base;
    let rest = value;
    while (Math.abs(rest) >= factor && at < suffixes.length - 1) {
      rest /= factor;
      at += 1;
    }
    while (Math.abs(rest) < 1 && rest !== 0 && at > 0) {
      rest *= factor;
      at -= 1;
    }
    return { text: fixed(rest, decimals), suffix: suffixes[at]! };
  };
}

const siPrefixes = ['f', 'p', 'n', 'µ', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const binaryPrefixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];

/** Powers of 1000; `power` is the one that values come in: 1 for thousands, -1 for thousandths. */
export const si = (symbol: string, power = 0): Format =>
  scaled(1000, siPrefixes.map((prefix) => ` ${prefix}${symbol}`.trimEnd()), siPrefixes.indexOf('') + power);

/** Powers of 1024. */
export const binary = (symbol: string, power = 0): Format =>
  scaled(1024, binaryPrefixes.map((prefix) => ` ${prefix}${symbol}`), power);

/** The power of 1000 that a letter before a unit stands for; 0 when it is none. */
export function siPower(letter: string): number {
  const at = siPrefixes.indexOf(letter === 'u' || letter === 'μ' ? 'µ' : letter);
  return letter === '' || at === -1 ? 0 : at - siPrefixes.indexOf('');
}

const thousands = ['', 'K', 'M', 'B', 'T'];

/** `1.5K req/s`. */
export function count(symbol: string): Format {
  const scale = scaled(1000, thousands);
  return (value, decimals) => {
    const { text, suffix = '' } = scale(value, decimals, {});
    return { text, suffix: `${suffix} ${symbol}` };
  };
}

/** `$1.5K`, `-$1.5K`, or `1.5Kkr`. */
export function currency(symbol: string, asSuffix = false): Format {
  const scale = scaled(1000, thousands);
  return (value, decimals) => {
    const { text, suffix = '' } = scale(Math.abs(value), decimals, {});
    if (asSuffix) return { text: value < 0 ? `-${text}` : text, suffix: `${suffix}${symbol}` };
    return { text, suffix, prefix: value < 0 ? `-${symbol}` : symbol };
  };
}

/** A sum of money in full, with separators: `$1,234,567.50`. */
export function fullCurrency(symbol: string, asSuffix = false): Format {
  return (value, decimals) => {
    const none = endless(value);
    const text = none?.text ?? Math.abs(value).toLocaleString('en-US', places(decimals));
    const sign = !none && value < 0 ? '-' : '';
    return asSuffix ? { text: `${sign}${text}`, suffix: symbol } : { text, prefix: `${sign}${symbol}` };
  };
}

const places = (decimals: Decimals) =>
  decimals == null ? { maximumFractionDigits: 3 } : { minimumFractionDigits: clampPlaces(decimals), maximumFractionDigits: clampPlaces(decimals) };

const clampPlaces = (decimals: number) => Math.min(20, Math.max(0, Math.round(decimals)));

/** Thousands told apart by separators: `1,234,567.891`. */
export const separated: Format = (value, decimals) =>
  endless(value) ?? { text: value.toLocaleString('en-US', { maximumFractionDigits: decimals == null ? 3 : clampPlaces(decimals) }) };

/** `1.23e+6`. */
export const scientific: Format = (value, decimals) => endless(value) ?? { text: value.toExponential(decimals == null ? undefined : clampPlaces(decimals)) };

/** Hexadecimal digits, of fractions too. */
export const hex =
  (mark: string): Format =>
  (value, decimals) => {
    const none = endless(value);
    if (none) return none;
    const digits = Math.abs(Number(fixed(value, decimals))).toString(16).toUpperCase();
    return { text: `${value < 0 ? '-' : ''}${mark}${digits}` };
  };

export const percent: Format = (value, decimals) => ({ text: fixed(value, decimals), suffix: '%' });

/** A share of one. Rounded to 15 digits first: 0.07 is 7 %, not 7.000000000000001 %. */
export const share: Format = (value, decimals) => percent(Number.isFinite(value) ? Number((value * 100).toPrecision(15)) : value, decimals, {});

export const truth =
  (yes: string, no: string): Format =>
  (value) => ({ text: value ? yes : no });
