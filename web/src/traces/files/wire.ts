import type { RawSpan, Resource, Scope } from '../otlp';
import type { Order, Part, Summary } from './held';
import type { Format } from './read';

/** What the page asks of the worker that holds a file. */
export type Ask = { kind: 'open'; file: File } | { kind: 'list'; search: string; order: Order; most: number } | { kind: 'part'; traceId: string; from: number };

export interface Answers {
  open: { format: Format; spans: number; traces: number; firstId: string };
  list: { found: number; first: Summary[] };
  part: Part | null;
}

/** What the worker says to the question of that number. */
export type Told = { number: number; answered: unknown } | { number: number; failed: string };

/** Questions to a worker, and its answers. */
export class Wire {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  private asked = 0;

  constructor(worker: Worker) {
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Told>) => {
      const one = this.waiting.get(data.number);
      this.waiting.delete(data.number);
      if ('failed' in data) one?.reject(new Error(data.failed));
      else one?.resolve(data.answered as never);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.end(`The file cannot be read here: ${event.message || 'the browser did not start, or ended, what reads it'}`);
    };
  }

  ask<K extends Ask['kind']>(ask: Extract<Ask, { kind: K }>): Promise<Answers[K]> {
    return new Promise((resolve, reject) => {
      this.asked += 1;
      this.waiting.set(this.asked, { resolve, reject });
      this.worker.postMessage({ number: this.asked, ask });
    });
  }

  /** Ends the worker and with it what the file holds in memory; questions without an answer fail. */
  end(why: string) {
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
  }
}

/** Puts parts together again. Resources and scopes that say the same become one. */
export class Joined {
  readonly spans: RawSpan[] = [];
  private readonly known = new Map<string, Resource | Scope>();

  add({ spans, resources, scopes }: Part) {
    const same = <T extends Resource | Scope>(kind: string, one: T): T => {
      const key = `${kind} ${JSON.stringify(one.source)}`;
      return (this.known.get(key) ?? this.known.set(key, one).get(key)) as T;
    };
    const [ofResource, ofScope] = [resources.map((each) => same('resource', each)), scopes.map((each) => same('scope', each))];
    for (const span of spans) this.spans.push({ ...span, resource: ofResource[span.resource]!, scope: ofScope[span.scope]! });
  }
}
