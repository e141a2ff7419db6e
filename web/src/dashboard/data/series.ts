/** Answers with numbers as frames: series, tables, buckets of heatmaps. */

import type { Field, Frame, HistogramValue } from '../frame';
import type { FieldConfig } from '../model';
import type { Answer, Matrix, Single, Vector, WrittenHistogram, WrittenNumber } from './answer';
import { readNumber } from './answer';
import { seriesNameOf } from './names';
import type { PreparedTarget } from './targets';

type Labels = Record<string, string>;
export type Numeric = Matrix | Vector | Single;

export const isNumeric = (answer: Answer): answer is Numeric => answer.kind === 'matrix' || answer.kind === 'vector' || answer.kind === 'scalar' || answer.kind === 'string';

/**
 * A null on the grid is a point that does not exist, so that calculations leave it out: the last value of a series that
 * ended is its last point.
 */
const ofGrid: FieldConfig = { nullValueMode: 'connected' };

const readHistogram = ({ count, sum, buckets }: WrittenHistogram): HistogramValue => ({
  count: readNumber(count) ?? 0,
  sum: readNumber(sum) ?? 0,
  buckets: (buckets ?? []).map(([lower, upper, held]): [number, number, number] => [readNumber(lower) ?? 0, readNumber(upper) ?? 0, readNumber(held) ?? 0]),
});

/** One series with its points on the times that all series of the answer share. */
interface Series {
  labels: Labels;
  values: (number | null)[];
  histograms: (HistogramValue | null)[] | null;
}

const numbers = (written: WrittenNumber[]): (number | null)[] => (written.every((each) => typeof each === 'number' || each === null) ? (written as (number | null)[]) : written.map(readNumber));

interface Grid {
  times: number[];
  series: Series[];
}

function gridOf(answer: Numeric): Grid {
  if (answer.kind === 'matrix') {
    const { start_ms: start, step_ms: step, points } = answer;
    const times = Array.from({ length: points }, (_, at) => start + at * step);
    return {
      times,
      series: answer.series.map(({ labels, values, histograms }) => {
        if (!histograms?.length) return { labels, values: numbers(values), histograms: null };
        const held: (HistogramValue | null)[] = times.map(() => null);
        for (const [at, histogram] of histograms) if (at >= 0 && at < points) held[at] = readHistogram(histogram);
        return { labels, values: numbers(values ?? []), histograms: held };
      }),
    };
  }
  if (answer.kind === 'vector') {
    return {
      times: [answer.time_ms],
      series: answer.series.map(({ labels, value, histogram }) => ({ labels, values: histogram ? [null] : [readNumber(value)], histograms: histogram ? [readHistogram(histogram)] : null })),
    };
  }
  return { times: [answer.time_ms], series: [{ labels: {}, values: [readNumber(answer.value)], histograms: null }] };
}

export const timeField = (values: number[], name = 'Time'): Field<number> => ({ name, type: 'time', values, config: {} });

const metaOf = (target: PreparedTarget, kind: NonNullable<Frame['meta']>['kind']): NonNullable<Frame['meta']> => ({ kind, query: target.query, language: target.language, stepMs: target.stepMs });

/** A text as PromQL gives it, which is no series. */
const textFrame = (answer: Single, target: PreparedTarget): Frame => ({
  refId: target.refId,
  name: target.query,
  fields: [timeField([answer.time_ms]), { name: 'Value', type: 'string', values: [String(answer.value ?? '')], config: {} }],
  length: 1,
  meta: metaOf(target, 'table'),
});

const holdsNumbers = ({ values, histograms }: Series) => histograms === null || values.some((value) => value !== null);

/** One frame for each series; all share one list of times. */
export function seriesFrames(answer: Numeric, target: PreparedTarget): Frame[] {
  if (answer.kind === 'string') return [textFrame(answer, target)];
  const { times, series } = gridOf(answer);
  const time = timeField(times);
  const config = answer.kind === 'matrix' ? ofGrid : {};
  return series.flatMap((each): Frame[] => {
    // TraceQL has no names of metrics that would be worth reading.
    const name = seriesNameOf(target.language === 'traceql' ? target.legend || '__auto' : target.legend, each.labels, target.query);
    const named: FieldConfig = name === undefined ? config : { ...config, displayNameFromDS: name };
    const frame = (field: Field): Frame => ({ refId: target.refId, ...(name === undefined ? {} : { name }), fields: [time, field], length: times.length, meta: metaOf(target, 'series') });
    return [
      ...(holdsNumbers(each) ? [frame({ name: 'Value', type: 'number', values: each.values, labels: each.labels, config: named })] : []),
      ...(each.histograms ? [frame({ name: 'Value', type: 'other', values: each.histograms, labels: each.labels, config: named })] : []),
    ];
  });
}

/** All series of a query as one table: time, the labels of all by name, the value; points that do not exist have no row. */
export function tableFrame(answers: Numeric[], target: PreparedTarget): Frame[] {
  const text = answers.find((answer): answer is Single => answer.kind === 'string');
  if (text) return [textFrame(text, target)];
  const grids = answers.map(gridOf);
  const names = [...new Set(grids.flatMap(({ series }) => series.flatMap(({ labels }) => Object.keys(labels))))].sort();
  const times: number[] = [];
  const values: (number | null)[] = [];
  const columns = names.map((): string[] => []);
  for (const { times: grid, series } of grids) {
    for (const { labels, values: points, histograms } of series) {
      points.forEach((value, at) => {
        // Of a histogram a table shows how much it counts.
        const shown = value ?? histograms?.[at]?.count ?? null;
        if (shown === null) return;
        times.push(grid[at]!);
        values.push(shown);
        names.forEach((name, column) => columns[column]!.push(labels[name] ?? ''));
      });
    }
  }
  const labelFields = names.map((name, column): Field =>
    name === 'le' ? { name, type: 'number', values: columns[column]!.map((text) => (text === '' ? null : readNumber(text))), config: { filterable: true } } : { name, type: 'string', values: columns[column]!, config: { filterable: true } },
  );
  return [{ refId: target.refId, fields: [timeField(times), ...labelFields, { name: target.valueName, type: 'number', values, config: {} }], length: times.length, meta: metaOf(target, 'table') }];
}

const bound = ({ le }: Labels) => (le === undefined || le === '' ? NaN : (readNumber(le) ?? NaN));

/**
 * Buckets as rows of a heatmap, the lowest first. Their counts are of all below their bound (`le`), so that each loses
 * what the one below it has. Series that are no buckets and native histograms stay series.
 */
export function heatmapFrames(answer: Numeric, target: PreparedTarget): Frame[] {
  if (answer.kind === 'string') return [textFrame(answer, target)];
  const { times, series } = gridOf(answer);
  const buckets = series.filter(({ labels, histograms }) => histograms === null && !Number.isNaN(bound(labels)));
  if (buckets.length === 0) return seriesFrames(answer, target).map((frame) => ({ ...frame, meta: { ...frame.meta, kind: 'heatmap' as const } }));
  // Several histograms in one answer are one heatmap each.
  const groups = new Map<string, Series[]>();
  for (const each of buckets) {
    const key = JSON.stringify(Object.entries(each.labels).filter(([name]) => name !== 'le' && name !== '__name__').sort());
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const time = timeField(times);
  return [...groups.values()].map((group): Frame => {
    const sorted = [...group].sort((a, b) => bound(a.labels) - bound(b.labels));
    const fields = sorted.map(({ labels, values }, at): Field => {
      const below = sorted[at - 1]?.values;
      const own = below ? values.map((value, point) => (value === null ? null : Math.max(0, value - (below[point] ?? 0)))) : values;
      return { name: labels.le!, type: 'number', values: own, labels, config: { ...ofGrid, displayNameFromDS: target.legend !== '' && target.legend !== '__auto' ? seriesNameOf(target.legend, labels, target.query) : labels.le! } };
    });
    return { refId: target.refId, fields: [time, ...fields], length: times.length, meta: metaOf(target, 'heatmap') };
  });
}
