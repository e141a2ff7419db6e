import type { Json } from '../otlp';

/** What keeps a file from being read, and at which of its spans. */
export class FileFault extends Error {
  constructor(where: string, what: string) {
    super(where ? `${where}: ${what}` : what);
    this.name = 'FileFault';
  }
}

/** A value as a message quotes it. */
export const quoted = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

/** The latest time in microseconds: in 2255, which 64 bits of nanoseconds hold and a number tells exactly. */
const latest = 9_000_000_000_000_000;

/** The fields of an object of a file, each of the kind that the format says. What is `null` is as if it was not there. */
export class Fields {
  constructor(
    readonly json: Json,
    /** Where the object stands, for messages. */
    readonly where: () => string,
  ) {}

  static of(value: unknown, where: () => string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FileFault(where(), `an object is expected here, not ${quoted(value)}`);
    return new Fields(value as Json, where);
  }

  wrong(what: string): never {
    throw new FileFault(this.where(), what);
  }

  has(key: string): boolean {
    return this.json[key] != null;
  }

  text(key: string): string {
    const value = this.json[key] ?? '';
    return typeof value === 'string' ? value : this.wrong(`\`${key}\` is no text: ${quoted(value)}`);
  }

  list(key: string): unknown[] {
    const value = this.json[key] ?? [];
    return Array.isArray(value) ? (value as unknown[]) : this.wrong(`\`${key}\` is no list: ${quoted(value)}`);
  }

  object(key: string): Fields {
    return Fields.of(this.json[key] ?? {}, () => `${this.where()}, \`${key}\``);
  }

  /** An id in hexadecimal digits, filled up to `digits` of them; empty when there is none. */
  id(key: string, digits: 16 | 32): string {
    const given = this.text(key);
    if (/^0*$/.test(given)) return '';
    if (!/^[0-9a-fA-F]+$/.test(given) || given.length > digits) this.wrong(`\`${key}\` is no id of at most ${digits} hexadecimal digits: ${quoted(given)}`);
    return given.toLowerCase().padStart(digits, '0');
  }

  /** An id that must be there. */
  ownId(key: string, digits: 16 | 32): string {
    return this.id(key, digits) || this.wrong(this.has(key) ? `\`${key}\` is all zeros` : `it has no \`${key}\``);
  }

  /** Microseconds as nanoseconds; 0 when there are none. */
  micros(key: string): bigint {
    const given = this.json[key] ?? 0;
    const value = typeof given === 'string' && /^\d{1,16}$/.test(given) ? Number(given) : given;
    if (typeof value !== 'number' || !(value >= 0 && value <= latest)) this.wrong(`\`${key}\` is no number of microseconds: ${quoted(given)}`);
    const whole = Math.trunc(value);
    return BigInt(whole) * 1_000n + BigInt(Math.trunc((value - whole) * 1_000));
  }
}
