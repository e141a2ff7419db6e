/** Answers as frames. */

import type { Field, Frame } from '../frame';
import type { Answer, Exemplars } from './answer';
import { readNumber } from './answer';
import { logsFrame } from './logs';
import { heatmapFrames, isNumeric, seriesFrames, tableFrame, timeField } from './series';
import type { PreparedTarget } from './targets';
import { graphFrames, traceFrame, tracesFrames } from './traces';

/** The frames of one answer; none of one that failed. */
export function framesOf(answer: Answer, target: PreparedTarget): Frame[] {
  if (isNumeric(answer)) {
    if (target.shape === 'table') return tableFrame([answer], target);
    return target.shape === 'heatmap' ? heatmapFrames(answer, target) : seriesFrames(answer, target);
  }
  switch (answer.kind) {
    case 'logs':
      return logsFrame(answer, target);
    case 'traces':
      return tracesFrames(answer, target);
    case 'trace':
      return traceFrame(answer, target);
    case 'exemplars':
      return exemplarFrames(answer, target);
    default:
      return [];
  }
}

/** The frames of a target whose queries have been answered so far. */
export function targetFrames(answers: ReadonlyMap<string, Answer>, target: PreparedTarget): Frame[] {
  const own = target.ids.flatMap((id) => answers.get(id) ?? []);
  if (target.shape === 'graph') return own.length < target.ids.length ? [] : graphFrames(answers, target);
  const numeric = own.filter(isNumeric);
  // A query over a range and at its end is one table.
  if (target.shape === 'table' && numeric.length > 0) return tableFrame(numeric, target);
  return own.flatMap((answer) => framesOf(answer, target));
}

/** Marks of traces: time, value, and all that is known of each, the series' labels first. */
export function exemplarFrames(answer: Exemplars, target: PreparedTarget): Frame[] {
  const rows = answer.series.flatMap(({ labels, exemplars }) => exemplars.map((each) => ({ ...each, all: { ...labels, ...each.labels } as Record<string, string> }))).sort((a, b) => a.time_ms - b.time_ms);
  if (rows.length === 0) return [];
  const names = [...new Set(rows.flatMap(({ all }) => Object.keys(all)))];
  const labels = names.map((name): Field => ({
    name,
    type: 'string',
    values: rows.map(({ all }) => all[name] ?? ''),
    config: /^(trace_?id|trace:id)$/i.test(name) ? { links: [{ title: 'Open the trace', url: '/traces/${__value.raw}' }] } : {},
  }));
  const value: Field = { name: 'Value', type: 'number', values: rows.map((each) => readNumber(each.value)), config: {} };
  return [{ refId: target.refId, name: 'exemplar', fields: [timeField(rows.map(({ time_ms: at }) => at)), value, ...labels], length: rows.length, meta: { kind: 'exemplars', query: target.query, language: target.language } }];
}
