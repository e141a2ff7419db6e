/** Exemplars: single observations with a trace behind them. */

import { isTime } from '../../frame';
import type { Frame } from '../../frame';

export interface Exemplar {
  time: number;
  value: number;
  labels: Record<string, string>;
  traceId: string | null;
}

const isTraceId = (name: string) => /^trace_?id$/i.test(name);
/** No chart can show more of them apart. */
const most = 5_000;

export function exemplarsOf(frames: Frame[]): Exemplar[] {
  const found: Exemplar[] = [];
  for (const frame of frames) {
    const time = frame.fields.find(isTime);
    const value = frame.fields.find(({ type, name }) => type === 'number' && name === 'Value') ?? frame.fields.find(({ type }) => type === 'number');
    if (!time || !value) continue;
    for (let index = 0; index < frame.length && found.length < most; index += 1) {
      const [at, number] = [time.values[index], value.values[index]];
      if (typeof at !== 'number' || typeof number !== 'number' || !Number.isFinite(number)) continue;
      const labels: Record<string, string> = { ...value.labels };
      for (const field of frame.fields) {
        const text = field.values[index];
        if (field !== time && field !== value && text != null && text !== '') labels[field.name] = String(text);
      }
      const trace = Object.entries(labels).find(([name]) => isTraceId(name))?.[1] ?? null;
      found.push({ time: at, value: number, labels, traceId: trace });
    }
  }
  return found;
}

/** Half of a mark's width and how near the pointer must come to it, in pixels. */
export const exemplarSize = 4.5;
export const exemplarReach = 9;

/** Where one stands in the plot; a value beyond the axis stands at its end. */
export function exemplarPlace({ time, value }: Exemplar, width: number, height: number, x: (time: number) => number, y: (value: number) => number): { x: number; y: number } | null {
  const [left, top] = [x(time), y(value)];
  if (!(left >= 0 && left <= width) || Number.isNaN(top)) return null;
  return { x: left, y: Math.min(Math.max(top, exemplarSize), height - exemplarSize) };
}
