import type { Order } from './files/held';
import type { Answers } from './files/wire';
import { Joined, Wire } from './files/wire';
import type { RawSpan } from './otlp';

/** A file that was opened here. It is kept until the page is left, and goes nowhere. */
export interface OpenedFile {
  number: number;
  name: string;
  bytes: number;
  format: string;
  traces: number;
  spans: number;
  /** The first traces in which all words of `search` occur, and how many there are. */
  list: (search: string, order: Order, most: number) => Promise<Answers['list']>;
  /** The spans of a trace; none when the file has no such trace. */
  spansOf: (traceId: string, signal?: AbortSignal) => Promise<RawSpan[]>;
}

/** Bytes of the largest file that is read. */
export const mostBytes = 128 * 1024 * 1024;
/** Files that are kept; the one that was opened first makes room for the next. */
const mostFiles = 8;

const files = new Map<number, { file: OpenedFile; wire: Wire }>();
let count = 0;

/** What a file's spans are read with is loaded with the first file. */
const startWorker = () => new Worker(new URL('./files/worker.ts', import.meta.url), { type: 'module' });

/** Opens a file; answers with the reference under which it is shown: its only trace, or the list of them. */
export async function openFile(file: File, signal: AbortSignal): Promise<string> {
  const { name, size: bytes } = file;
  if (bytes > mostBytes) throw new Error(`${name} is larger than ${mostBytes / 1024 / 1024} MiB, which is the most that this page reads`);
  if (bytes === 0) throw new Error(`${name} is empty`);
  const wire = new Wire(startWorker());
  const stop = () => wire.end('It was not opened');
  signal.addEventListener('abort', stop);
  try {
    const { format, traces, spans, firstId } = await wire.ask<'open'>({ kind: 'open', file });
    count += 1;
    const opened: OpenedFile = {
      number: count,
      name,
      bytes,
      format,
      traces,
      spans,
      list: (search, order, most) => wire.ask<'list'>({ kind: 'list', search, order, most }),
      spansOf: async (traceId, given) => {
        const joined = new Joined();
        for (let from: number | null = 0; from !== null; ) {
          const part: Answers['part'] = await wire.ask<'part'>({ kind: 'part', traceId, from });
          given?.throwIfAborted();
          if (part) joined.add(part);
          from = part?.next ?? null;
        }
        return joined.spans;
      },
    };
    files.set(count, { file: opened, wire });
    for (const [number, old] of files) {
      if (files.size <= mostFiles) break;
      old.wire.end('The file is no longer open');
      files.delete(number);
    }
    return fileRef(count, traces === 1 ? firstId : null);
  } catch (error) {
    wire.end('It was not opened');
    throw new Error(`${name} cannot be shown. ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** How addresses name an opened file, and a trace of it. */
export const fileRef = (number: number, traceId: string | null) => (traceId === null ? `file-${number}` : `file-${number}-${traceId}`);

/** The file of such a reference, and its trace, `null` for the list of all; `null` for a trace of the server. */
export function parseRef(ref: string): { number: number; traceId: string | null } | null {
  const found = /^file-(\d{1,6})(?:-(.*))?$/.exec(ref);
  return found && { number: Number(found[1]), traceId: found[2] ?? null };
}

export const openedFile = (number: number): OpenedFile | undefined => files.get(number)?.file;
