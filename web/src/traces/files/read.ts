import type { Json, RawSpan } from '../otlp';
import { idOf, mostSpans, object, readSpans } from '../otlp';
import { Fields, FileFault, quoted } from './fault';
import { Known } from './foreign';
import { readJaeger, readTrace } from './jaeger';
import { readZipkin } from './zipkin';

export type Format = 'OTLP' | 'Jaeger' | 'Zipkin';

const known = 'Known are OTLP (`resourceSpans`, or `batches` as Tempo writes them), what Jaeger’s UI downloads (`data` with `spans`) and Zipkin’s v2 (a list of spans with `traceId` and `id`).';

/** A file’s text as JSON, or as one JSON value a line, as the collector’s file exporter writes them. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const lines = text.split('\n');
    const [first, second] = lines.filter((line) => line.trim() !== '');
    if (second !== undefined && isJson(first!)) return jsonLines(lines);
    throw new FileFault('', `The file is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

function jsonLines(lines: string[]): unknown[] {
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch (error) {
      throw new FileFault('', `Line ${index + 1} of the file is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

/** The spans of a file’s JSON, and the format in which it is. Throws a `FileFault` for what cannot be read. */
export function readTraces(body: unknown): { format: Format; spans: RawSpan[] } {
  const items = Array.isArray(body) ? (body as unknown[]) : [body];
  const at = (index: number) => (Array.isArray(body) ? `[${index}]` : '');
  const first = items.findIndex((item) => !(Array.isArray(item) && item.length === 0));
  if (first < 0) throw new FileFault('', 'The file holds no spans');
  const format = formatOf(items[first], at(first));
  items.forEach((item, index) => {
    const isEmpty = Array.isArray(item) && item.length === 0;
    if (!isEmpty && formatOf(item, at(index)) !== format) throw new FileFault(at(index), `this is in another format than what stands before it (${format})`);
  });

  const spans: RawSpan[] = [];
  const add = (span: RawSpan) => {
    if (spans.length >= mostSpans) throw new FileFault('', `There are more than ${mostSpans.toLocaleString('en')} spans, which is the most that this page shows`);
    spans.push(span);
  };
  const shared = new Known();
  items.forEach((item, index) => {
    const where = at(index);
    if (format === 'OTLP') {
      const groups = otlpGroups(item)!;
      checkOtlp(groups.list, where === '' ? groups.at : `${where}.${groups.at}`);
      readSpans({ resourceSpans: groups.list }).forEach(add);
    } else if (format === 'Zipkin') {
      if (Array.isArray(item)) item.forEach((span, number) => readZipkin(span, `${where}[${number}]`, shared, add));
      else readZipkin(item, where, shared, add);
    } else {
      const fields = Fields.of(item, () => where);
      if ('spans' in fields.json) readTrace(fields, shared, add);
      else readJaeger(fields, where === '' ? '' : `${where}.`, shared, add);
    }
  });
  if (spans.length === 0) throw new FileFault('', 'The file holds no spans');
  return { format, spans };
}

function formatOf(item: unknown, at: string): Format {
  if (Array.isArray(item)) return formatOf(item.find((each) => !Array.isArray(each)), at);
  const json = object(item);
  if (otlpGroups(json)) return 'OTLP';
  if (Array.isArray(json.data) || (json.data === null && 'errors' in json) || (Array.isArray(json.spans) && 'processes' in json)) return 'Jaeger';
  if ('id' in json && 'traceId' in json) return 'Zipkin';
  throw new FileFault(at, `This is no trace in a format that this page knows: ${unknown(item, json)}. ${known}`);
}

/** What else it may be. */
function unknown(item: unknown, json: Json): string {
  if ('resourceLogs' in json || 'resourceMetrics' in json) return `it holds OTLP’s ${'resourceLogs' in json ? 'logs' : 'metrics'}`;
  if (Array.isArray(json.traces)) return 'it is the answer to a search, which names traces without their spans';
  if (Array.isArray(json.spans)) return 'it has `spans` without `processes`';
  const keys = Object.keys(json);
  if (keys.length > 0) return `its keys are ${keys.slice(0, 8).map((key) => `\`${key.slice(0, 40)}\``).join(', ')}${keys.length > 8 ? ' and more' : ''}`;
  return `it is ${quoted(item)}`;
}

/** The list of groups, wherever it stands: bare, in an answer of Tempo’s or Phoenix’ (`trace`), or of Jaeger’s v3 (`result`). */
function otlpGroups(item: unknown): { list: unknown[]; at: string } | null {
  for (const outer of ['', 'trace', 'result']) {
    const holder = outer === '' ? object(item) : object(object(item)[outer]);
    for (const name of ['resourceSpans', 'batches']) {
      if (Array.isArray(holder[name])) return { list: holder[name] as unknown[], at: outer === '' ? name : `${outer}.${name}` };
    }
  }
  return null;
}

/** Tells what of OTLP’s spans cannot be read. What reads the server’s answers passes over it. */
function checkOtlp(groups: unknown[], at: string) {
  groups.forEach((given, number) => {
    const group = Fields.of(given, () => `${at}[${number}]`);
    const name = group.has('scopeSpans') ? 'scopeSpans' : 'instrumentationLibrarySpans';
    group.list(name).forEach((scoped, index) => {
      const where = `${at}[${number}].${name}[${index}]`;
      Fields.of(scoped, () => where)
        .list('spans')
        .forEach((span, place) => checkSpan(span, `${where}.spans[${place}]`));
    });
  });
}

function checkSpan(given: unknown, at: string) {
  const span = Fields.of(given, () => {
    const { name } = object(given);
    return `${at}${typeof name === 'string' && name !== '' ? ` (${name})` : ''}`;
  });
  span.text('name');
  for (const [key, digits] of [['traceId', 32], ['spanId', 16], ['parentSpanId', 16]] as const) {
    const id = idOf(span.text(key));
    if (id === '' && key !== 'parentSpanId') span.wrong(span.has(key) ? `\`${key}\` is all zeros or empty` : `it has no \`${key}\``);
    if (id !== '' && !(id.length === digits && /^[0-9a-f]+$/.test(id))) span.wrong(`\`${key}\` is no id of ${digits} hexadecimal digits: ${quoted(span.json[key])}`);
  }
  for (const key of ['startTimeUnixNano', 'endTimeUnixNano']) {
    const value = span.json[key] ?? 0;
    if (!(typeof value === 'string' && /^\d{1,20}$/.test(value)) && !(typeof value === 'number' && value >= 0)) span.wrong(`\`${key}\` is no number of nanoseconds: ${quoted(value)}`);
  }
  for (const key of ['attributes', 'events', 'links']) span.list(key);
}
