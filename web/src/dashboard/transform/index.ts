/** Grafana's transformations: tables in, tables out, in the order of the dashboard. */

import type { Frame } from '../frame';
import type { Transformation } from '../model';
import { calculateField } from './calculate';
import { configFromData, rowsToFields } from './config-from';
import { convertFieldType, formatString, formatTime } from './convert';
import { extractFields } from './extract';
import { filterByRefId, filterFields, filterFieldsByName, split } from './filter-fields';
import type { Run, Transform, TransformContext } from './frames';
import { withoutGaps } from './frames';
import { groupBy } from './group-by';
import { histogram } from './histogram';
import { joinByField } from './join';
import { joinByLabels, labelsToFields, seriesToRows } from './labels';
import { merge } from './merge';
import { organize, renameByRegex } from './organize';
import { reduce } from './reduce';
import { filterByValue, limit, sortBy } from './rows';
import { concatenate, groupingToMatrix, partitionByValues, prepareTimeSeries, transpose } from './shape';

export type { TransformContext } from './frames';

/** By Grafana's ids, those of older dashboards too. */
const transforms: Record<string, Transform> = {
  calculateField,
  concatenate,
  configFromData,
  convertFieldType,
  extractFields,
  filterByName: filterFieldsByName,
  filterByRefId,
  filterByValue,
  filterFields,
  filterFieldsByName,
  filterFrames: filterByRefId,
  formatString,
  formatTime,
  groupBy,
  groupingToMatrix,
  histogram,
  joinByField,
  joinByLabels,
  labelsToFields,
  limit,
  merge,
  noop: (frames) => frames,
  order: organize,
  organize,
  partitionByValues,
  prepareTimeSeries,
  reduce,
  rename: organize,
  renameByRegex,
  rowsToFields,
  seriesToColumns: joinByField,
  seriesToRows,
  sortBy,
  transpose,
};

/** What makes rows of series: points that do not exist are none. */
const ofRows = new Set([
  'concatenate', 'filterByValue', 'groupBy', 'groupingToMatrix', 'joinByLabels', 'labelsToFields', 'limit', 'merge', 'partitionByValues', 'rowsToFields', 'seriesToRows', 'sortBy', 'transpose',
]);

export const transformationIds: string[] = Object.keys(transforms);

/** The frames after all transformations. One that is not known leaves them as they are and is a problem. */
export function transform(frames: Frame[], transformations: Transformation[] | undefined, context: TransformContext): { frames: Frame[]; problems: string[] } {
  const problems = new Set<string>();
  let made = frames;
  for (const [at, { id, options, disabled, filter, topic }] of (transformations ?? []).entries()) {
    // Those of other topics are about annotations and the states of alerts.
    if (disabled === true || (topic !== undefined && topic !== '' && topic !== 'series')) continue;
    const run: Run = { ...context, problem: (what) => problems.add(`transformation ${at + 1} (${id}): ${what}`) };
    if (!Object.hasOwn(transforms, id)) {
      run.problem('it is not known');
      continue;
    }
    const { chosen, others, firstOther } = split(made, filter, run);
    const result = transforms[id]!(ofRows.has(id) || options?.mode === 'inner' ? withoutGaps(chosen) : chosen, options ?? {}, run);
    made = others.length === 0 ? result : [...result.slice(0, firstOther), ...others, ...result.slice(firstOther)];
  }
  return { frames: made, problems: [...problems] };
}
