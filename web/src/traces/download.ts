import { saveFile } from '../parts/save-file';
import { writeOtlp } from './otlp';
import type { Trace } from './trace';

/** Hands a trace to the browser as a file, in OTLP’s JSON. */
export function downloadTrace(trace: Trace) {
  const text = JSON.stringify(writeOtlp(trace.spans.map((span) => span.raw)));
  saveFile(`trace ${trace.id || 'without an id'}.json`, text, 'application/json');
}
