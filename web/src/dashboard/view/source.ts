import { loadAnnotations, serverAnnotations } from '../annotations';
import type { Answer, Query } from '../data';
import { loadScrapeMs, loadTransform, needsTransform, PanelMemory, panelRequest, preparePanel, refresh, scrapeMs } from '../data';
import type { ShownPanel, VariableValue } from '../variables';
import { loadVariables, serverFetchers } from '../variables';
import type { BoardSource, PanelRound, Place } from './board';
import type { AskedQuery, PanelState } from './panel-state';

/** How many things an answer found. */
function foundIn(answer: Answer): number | undefined {
  switch (answer.kind) {
    case 'matrix':
    case 'vector':
    case 'exemplars':
      return answer.series.length;
    case 'logs':
      return answer.entries.length;
    case 'traces':
      return answer.traces.length;
    default:
      return undefined;
  }
}

/** A query with what came of it, for errors, the inspector and links to Explore. */
export function askedQuery(query: Query, key: string, answer: Answer | undefined): AskedQuery {
  const refId = query.id.slice(key.length + 1).split(':')[0]!;
  const base = { refId, language: query.language, kind: query.kind, query: query.query, fromMs: query.from_ms, toMs: query.to_ms, stepMs: query.step_ms };
  if (!answer) return { ...base, warnings: [], infos: [] };
  if (answer.error) return { ...base, warnings: [], infos: [], error: answer.error };
  return { ...base, stats: answer.stats, found: foundIn(answer), warnings: answer.warnings ?? [], infos: answer.infos ?? [] };
}

function round({ panel, key, scoped }: ShownPanel, place: Place, width: number): PanelRound<Query, Answer, PanelMemory> {
  const { dashboard, variables, raw, span, now, zone } = place;
  const request = panelRequest(panel, { dashboard, variables: variables.state, scoped, key, span, raw, now, timeZone: zone, isDark: place.isDark, width, scrapeMs: scrapeMs() });
  return {
    queries: request.queries,
    prepare(answers, { isDark }, previous, memory): PanelState {
      const queries = request.queries.map((query) => askedQuery(query, key, answers.get(query.id)));
      // Where no answer could be had at all, what was shown before stays, with the reason in its corner.
      if (previous.frames.length > 0 && queries.length > 0 && queries.every(({ error }) => error?.type === 'internal')) return { ...previous, loading: false, queries };
      const { frames, given, exemplars, problems } = preparePanel({ ...request, context: { ...request.context, isDark } }, answers, memory);
      return { ...previous, loading: false, answered: true, frames, given, exemplars, problems, range: request.span, rangeNote: request.note, queries };
    },
  };
}

/** Asks; when not one answer could be had, that is told as well. */
async function ask(queries: Query[], onAnswer: (id: string, answer: Answer) => void, signal: AbortSignal) {
  let [answered, why] = [false, ''];
  const listen = (id: string, answer: Answer) => {
    if (answer.error?.type === 'internal') why ||= answer.error.message;
    else answered = true;
    onAnswer(id, answer);
  };
  await refresh(queries, listen, signal);
  if (!answered && why !== '') throw new Error(why);
}

/** What a board asks Phoenix. */
export const boardSource: BoardSource<Query, Answer, PanelMemory> = {
  now: Date.now,
  memory: () => new PanelMemory(),
  async variables({ dashboard, span, zone }, chosen, previous, isNewRange, signal, onPart) {
    const known: Record<string, VariableValue> = {};
    const asked = Promise.all([loadScrapeMs(), needsTransform(dashboard) ? loadTransform() : undefined]);
    const loaded = await loadVariables(dashboard, chosen, span, serverFetchers, {
      timeZone: zone,
      signal,
      previous,
      isNewRange,
      onVariable(name, value) {
        known[name] = value;
        onPart({ state: { ...known }, problems: {} });
      },
    });
    // Steps of panels go by the one, and what they show is made with the other.
    await asked;
    return loaded;
  },
  round: (shown, _all, place, width) => round(shown, place, width),
  ask,
  annotations: ({ dashboard, variables, span, raw, zone, isDark }, on, signal) =>
    loadAnnotations({ dashboard, variables: variables.state, span, raw, timeZone: zone, isDark, scrapeMs: scrapeMs(), choices: new Map(Object.entries(on)) }, serverAnnotations, signal),
};
