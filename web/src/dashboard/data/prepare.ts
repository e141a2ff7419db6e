/** What a panel shows: frames of the answers that are there, transformed, with names, units and colours. */

import type { Diagnostic } from '../../api/request';
import { applyFieldConfig, patternOf } from '../display';
import type { Frame } from '../frame';
import type { Panel } from '../model';
import type { ScopedVars } from '../panel';
import { interpolate, variablesIn } from '../variables';
import type { Answer } from './answer';
import { sameAnswer } from './answer';
import { exemplarFrames, targetFrames } from './frames';
import type { PanelRequest, PreparedTarget } from './targets';
import { transform } from './transforming';

/** A query that failed. */
export interface QueryError {
  refId: string;
  query: string;
  message: string;
  diagnostics: Diagnostic[];
}

export interface Prepared {
  frames: Frame[];
  /** What the panel's own transformations begin with. */
  given: Frame[];
  exemplars: Frame[];
  errors: QueryError[];
  /** What is not shown, or not as it is meant. */
  problems: string[];
  /** What the engines noticed about queries. */
  notices: string[];
  /** Whether all queries are answered. */
  isComplete: boolean;
}

interface Kept {
  key: string;
  answers: (Answer | undefined)[];
  frames: Frame[];
}

/** What a panel showed last, so that what has not changed stays the same objects and is not drawn again. One for each panel. */
export class PanelMemory {
  readonly answers = new Map<string, Answer>();
  readonly targets = new Map<string, Kept>();
  last: { parts: unknown[]; prepared: Prepared } | undefined;

  /** The answer of before, when the new one tells the same. */
  answer(id: string, answer: Answer | undefined): Answer | undefined {
    if (!answer) return undefined;
    const before = this.answers.get(id);
    if (before && sameAnswer(before, answer)) return before;
    this.answers.set(id, answer);
    return answer;
  }
}

const keyOf = ({ refId, shape, query, legend, ids, stepMs, valueName, target }: PreparedTarget) => JSON.stringify([refId, shape, query, legend, ids, stepMs, valueName, target.tableType]);
const exemplarsId = (target: PreparedTarget, request: PanelRequest) => `${request.context.key}/${target.refId}:exemplars`;
const sameList = (a: unknown[], b: unknown[]) => a.length === b.length && a.every((each, at) => Object.is(each, b[at]));

const namesIn = new WeakMap<object, string[]>();
/** The variables that what is shown is made with, once for each panel. */
function namesOf(panel: Panel): string[] {
  const known = namesIn.get(panel);
  if (known) return known;
  const names = variablesIn(JSON.stringify([panel.fieldConfig, panel.transformations]));
  namesIn.set(panel, names);
  return names;
}

/**
 * Frames of a panel from the answers to its queries that are there, by their ids. Frames and the whole result stay the
 * same objects while nothing that they are made of has changed.
 */
export function preparePanel(request: PanelRequest, answers: ReadonlyMap<string, Answer>, memory: PanelMemory = new PanelMemory()): Prepared {
  const { panel, context, state } = request;
  const scoped = context.scoped;
  const known = new Map<string, Answer>();
  for (const { id } of request.queries) {
    const answer = memory.answer(id, answers.get(id));
    if (answer) known.set(id, answer);
  }

  const perTarget = request.targets.map((target) => {
    const key = keyOf(target);
    const given = target.ids.map((id) => known.get(id));
    const before = memory.targets.get(target.refId);
    if (before && before.key === key && sameList(before.answers, given)) return before.frames;
    const frames = targetFrames(known, target);
    memory.targets.set(target.refId, { key, answers: given, frames });
    return frames;
  });
  const given = [...known.values()];
  const isComplete = request.queries.every(({ id }) => known.has(id));
  const filled = namesOf(panel).map((name) => interpolate(`\${${name}}`, state, scoped));
  const parts = [...perTarget, ...given, panel, request.shared, context.isDark, context.timeZone, isComplete, ...request.problems, ...filled];
  if (memory.last && sameList(memory.last.parts, parts)) return memory.last.prepared;

  const fill = (text: string, more?: ScopedVars, format?: string) => interpolate(text, state, more ? { ...scoped, ...more } : scoped, format);
  const problems = [...request.problems];
  const transforming = { interpolate: fill, timeZone: context.timeZone };
  const showing = { ...transforming, isDark: context.isDark, panelType: panel.type, problems };
  const transformed = (before: Frame[], by: Panel | undefined): Frame[] => {
    if (!by?.transformations?.length) return before;
    const made = transform(before, by.transformations, transforming);
    problems.push(...made.problems);
    return made.frames;
  };
  const begun = transformed(perTarget.flat(), request.shared);
  const frames = transformed(begun, panel);
  // Panels of single values choose their fields by a name or a pattern.
  const chosen = (panel.options?.reduceOptions as { fields?: unknown } | undefined)?.fields;
  if (typeof chosen === 'string' && chosen !== '') patternOf(fill(chosen), (what) => problems.push(`which fields are shown: ${what}`));
  const exemplars = request.targets.flatMap((target) => {
    const answer = known.get(exemplarsId(target, request));
    return answer?.kind === 'exemplars' ? exemplarFrames(answer, target) : [];
  });
  const prepared: Prepared = {
    frames: applyFieldConfig(frames, panel.fieldConfig, showing),
    given: begun,
    exemplars: applyFieldConfig(exemplars, undefined, showing),
    errors: errorsOf(request, known),
    problems: [...new Set(problems)],
    notices: [...new Set(given.flatMap((answer) => (answer.error ? [] : [...(answer.warnings ?? []), ...(answer.infos ?? [])])))],
    isComplete,
  };
  memory.last = { parts, prepared };
  return prepared;
}

function errorsOf(request: PanelRequest, answers: ReadonlyMap<string, Answer>): QueryError[] {
  const told = new Set<string>();
  return request.queries.flatMap(({ id, query }): QueryError[] => {
    const answer = answers.get(id);
    if (!answer?.error) return [];
    const refId = id.slice(request.context.key.length + 1).replace(/:.*$/, '');
    // The parts of one query mostly fail for one reason.
    const key = JSON.stringify([refId, answer.error.message]);
    if (told.has(key)) return [];
    told.add(key);
    return [{ refId, query, message: answer.error.message, diagnostics: answer.error.diagnostics ?? [] }];
  });
}
