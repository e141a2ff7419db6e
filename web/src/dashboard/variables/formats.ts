/** How a variable's values are written where they are filled in: Grafana's formats, `${name:csv}`. */

import { formatDate } from '../display';

export interface Formatted {
  name: string;
  text: string | string[];
  value: string | string[];
  /** What stands behind the format's name: `date:YYYY-MM` has `YYYY-MM`. */
  rest: string;
  timeZone: string;
}

type Format = (given: Formatted) => string;

const list = (value: string | string[]) => (Array.isArray(value) ? value : [value]);
const joined = (sign: string): Format => ({ value }) => list(value).join(sign);
/** Every value between these signs, which are escaped within. */
const quotedWith = (sign: string, within: string): Format => ({ value }) => list(value).map((each) => `${sign}${each.replaceAll(sign, within)}${sign}`).join(',');

export const escapeRegex = (text: string): string => text.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&');
const strictly = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
const luceneSigns = /[!*+\-=<>\s&|()[\]{}^~?:\\/"]/g;

const glob: Format = ({ value }) => (!Array.isArray(value) ? value : value.length === 1 ? value[0]! : `{${value.join(',')}}`);

function date({ value, rest, timeZone }: Formatted): string {
  const given = list(value)[0] ?? '';
  const at = /^-?\d+$/.test(given) ? Number(given) : Date.parse(given);
  if (Number.isNaN(at)) return 'NaN';
  if (rest === '' || rest === 'iso') return new Date(at).toISOString();
  if (rest === 'seconds') return String(Math.round(at / 1000));
  return formatDate(at, rest, timeZone);
}

const formats: Record<string, Format> = {
  csv: joined(','),
  raw: joined(','),
  pipe: joined('|'),
  join: ({ value, rest }) => list(value).join(rest === '' ? ',' : rest),
  distributed: ({ name, value }) => list(value).map((each, at) => (at === 0 ? each : `${name}=${each}`)).join(','),
  doublequote: quotedWith('"', '\\"'),
  singlequote: quotedWith("'", "\\'"),
  sqlstring: quotedWith("'", "''"),
  glob,
  json: ({ value }) => (Array.isArray(value) ? JSON.stringify(value) : value),
  lucene: ({ value }) => {
    if (!Array.isArray(value)) return value.replace(luceneSigns, '\\$&');
    return value.length === 0 ? '__empty__' : `(${value.map((each) => `"${each.replace(/["\\]/g, '\\$&')}"`).join(' OR ')})`;
  },
  regex: ({ value }) => {
    const escaped = list(value).map(escapeRegex);
    return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
  },
  text: ({ text }) => list(text).join(' + '),
  queryparam: ({ name, value }) => list(value).map((each) => `var-${strictly(name)}=${strictly(each)}`).join('&'),
  customqueryparam: ({ name, value, rest }) => {
    const [key = '', prefix = ''] = rest.split(':');
    return list(value).map((each) => `${strictly(key || name)}=${strictly(`${prefix}${each}`)}`).join('&');
  },
  percentencode: (given) => strictly(glob(given)),
  uriencode: (given) => encodeURI(glob(given)).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`),
  date,
};

/** Writes values by a format's name, which may have parameters behind `:`; an unknown one is taken as `glob`. */
export function formatVariable(given: Omit<Formatted, 'rest'>, format: string): string {
  const colon = format.indexOf(':');
  const name = colon < 0 ? format : format.slice(0, colon);
  return (formats[name] ?? glob)({ ...given, rest: colon < 0 ? '' : format.slice(colon + 1) });
}
