import type { RawSpan } from './otlp';
import { byTrace } from './trace';
import { readSpans } from './otlp';

/** A file that was opened here. It is kept until the page is left, and goes nowhere. */
export interface OpenedFile {
  name: string;
  traces: Map<string, RawSpan[]>;
}

const files: OpenedFile[] = [];
/** Bytes of the largest file that is read. */
export const mostBytes = 256 * 1024 * 1024;

/** JSON, or one JSON value a line, as the collector's file exporter writes them. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw error;
    return lines.map((line) => JSON.parse(line) as unknown);
  }
}

/** Reads the traces of a file's text; those with most spans come first. */
export function readFile(text: string): Map<string, RawSpan[]> {
  let body: unknown;
  try {
    body = parsed(text);
  } catch (error) {
    throw new Error(`The file is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const traces = byTrace(readSpans(body));
  if (traces.size === 0) throw new Error('The file holds no spans');
  return traces;
}

/** Opens a file; answers with the reference under which its first trace is shown. */
export async function openFile(file: File): Promise<string> {
  if (file.size > mostBytes) throw new Error(`${file.name} is larger than ${mostBytes / 1024 / 1024} MiB, which is the most that this page reads`);
  const traces = readFile(await file.text());
  files.push({ name: file.name, traces });
  return fileRef(files.length, [...traces.keys()][0]!);
}

/** How addresses name a trace of an opened file. */
export const fileRef = (number: number, traceId: string) => `file-${number}-${traceId || 'none'}`;

/** The file and trace of such a reference; `null` for a trace of the server. */
export function parseRef(ref: string): { number: number; traceId: string } | null {
  const found = /^file-(\d{1,6})-(.*)$/.exec(ref);
  return found ? { number: Number(found[1]), traceId: found[2] === 'none' ? '' : found[2]! } : null;
}

export const openedFile = (number: number): OpenedFile | undefined => files[number - 1];
