/** Grafana's transformations: tables in, tables out, in the order of the dashboard. */

import type { Frame } from '../frame';
import type { Transformation } from '../model';
import { calculateField } from './calculate';
import { extractFields } from './extract';
import { filterByRefId, filterFields, filterFieldsByName, split } from './filter-fields';
import type { Run, Transform, TransformContext } from './frames';
import { groupBy } from './group-by';
import { joinByField } from './join';
import { merge } from './merge';
import { organize, renameByRegex } from './organize';
import { reduce } from './reduce';
import { filterByValue, limit, sortBy } from './rows';

export type { TransformContext } from './frames';

/** By Grafana's ids, those of older dashboards too. */
const transforms: Record<string, Transform> = {
  calculateField,
  extractFields,
  filterByRefId,
  filterByValue,
  filterFields,
  filterFieldsByName,
  filterByName: filterFieldsByName,
  filterFrames: filterByRefId,
  groupBy,
  joinByField,
  seriesToColumns: joinByField,
  limit,
  merge,
  noop: (frames) => frames,
  order: organize,
  organize,
  reduce,
  rename: organize,
  renameByRegex,
  sortBy,
};

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
    const result = transforms[id]!(chosen, options ?? {}, run);
    made = others.length === 0 ? result : [...result.slice(0, firstOther), ...others, ...result.slice(firstOther)];
  }
  return { frames: made, problems: [...problems] };
}
