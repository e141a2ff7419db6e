import { writeOtlp } from './otlp';
import type { Trace } from './trace';

/** Hands a trace to the browser as a file, in OTLP’s JSON. */
export function downloadTrace(trace: Trace) {
  const text = JSON.stringify(writeOtlp(trace.spans.map((span) => span.raw)));
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `trace ${trace.id || 'without an id'}.json`;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after this returns.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
