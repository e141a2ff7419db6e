/** Events out of answers: points that lie next to each other are one span. */

import type { Answer, Logs, Matrix } from '../data/answer';
import { readNumber } from '../data/answer';
import type { Annotation } from '../panel';

type Labels = Record<string, string>;

/** How a query's answers become texts, filled in but for `{{label}}`. */
export interface EventFormat {
  title: string;
  text: string;
  /** Names of labels whose values are tags; empty for none of a metric, all of a line. */
  tagKeys: string[];
  /** Whether the value is the moment, in seconds or milliseconds since 1970. */
  valueIsTime: boolean;
  color: string;
  source: string;
}

const render = (template: string, labels: Labels) => template.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_, name: string) => (Object.hasOwn(labels, name) ? labels[name]! : ''));
/** Moments in seconds are less than this in milliseconds until the year 5138, and milliseconds are more since 1973. */
const secondsBelow = 1e11;

/** The most events that one query gives; more would hide the data that they explain. */
export const mostEvents = 2_000;

function event(labels: Labels, format: EventFormat, time: number, timeEnd: number, otherwise = ''): Annotation {
  const title = render(format.title, labels).trim();
  const text = format.text === '' ? otherwise : render(format.text, labels).trim();
  const tags = format.tagKeys.map((key) => labels[key]).filter((tag): tag is string => Boolean(tag));
  return { time, ...(timeEnd > time ? { timeEnd } : {}), ...(title ? { title } : {}), ...(text ? { text } : {}), ...(tags.length > 0 ? { tags } : {}), color: format.color, source: format.source };
}

/** A point above zero is an event; those at most a step apart are one that lasts. */
export function metricEvents(answer: Matrix, format: EventFormat): Annotation[] {
  const { start_ms: start, step_ms: step } = answer;
  return answer.series.flatMap(({ labels, values }) => {
    const moments = values.flatMap((written, at) => {
      const value = readNumber(written);
      if (value === null || Number.isNaN(value)) return [];
      if (!format.valueIsTime) return value > 0 ? [start + at * step] : [];
      const time = Math.floor(Math.abs(value) < secondsBelow ? value * 1000 : value);
      return Number.isFinite(time) ? [time] : [];
    });
    const spans: [from: number, to: number][] = [];
    for (const time of [...new Set(moments)].sort((a, b) => a - b)) {
      const last = spans.at(-1);
      if (last && !format.valueIsTime && time - last[1] <= step) last[1] = time;
      else spans.push([time, time]);
    }
    return spans.map(([from, to]) => event(labels, format, from, to));
  });
}

/** A line is an event. */
export function lineEvents(answer: Logs, format: EventFormat): Annotation[] {
  return answer.entries.map(({ time_ns: time, labels, metadata, line }) => {
    const all = { ...labels, ...metadata };
    const at = Number(BigInt(time) / 1_000_000n);
    return event(all, { ...format, tagKeys: format.tagKeys.length > 0 ? format.tagKeys : Object.keys(labels) }, at, at, line);
  });
}

/** The newest events; `left` is how many earlier ones are not among them. */
export function eventsOf(answer: Answer, format: EventFormat): { events: Annotation[]; left: number } {
  const events = answer.kind === 'matrix' ? metricEvents(answer, format) : answer.kind === 'logs' ? lineEvents(answer, format) : [];
  return { events: events.sort((a, b) => a.time - b.time).slice(-mostEvents), left: Math.max(events.length - mostEvents, 0) };
}
