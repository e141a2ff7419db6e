import { HeldFile } from './held';
import type { Ask, Told } from './wire';

/** Reads one file beside the page and keeps its traces, so that neither takes the page's time. */
const page = self as unknown as { onmessage: (event: { data: { number: number; ask: Ask } }) => void; postMessage: (told: Told) => void };
let held: HeldFile | null = null;

async function answer(ask: Ask): Promise<unknown> {
  if (ask.kind === 'open') {
    held = new HeldFile(await ask.file.text());
    const { format, spans, summaries } = held;
    return { format, spans, traces: summaries.length, firstId: summaries[0]!.traceId };
  }
  return ask.kind === 'list' ? held!.list(ask.search, ask.order, ask.most) : held!.part(ask.traceId, ask.from);
}

page.onmessage = ({ data: { number, ask } }) => {
  answer(ask).then(
    (answered) => page.postMessage({ number, answered }),
    (error: unknown) => page.postMessage({ number, failed: error instanceof Error ? error.message : String(error) }),
  );
};
