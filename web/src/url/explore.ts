import { formatDuration, parseDuration } from '../format/duration';

export interface ExploreQuery {
  text: string;
  language: string;
  hidden: boolean;
}

/** Everything that Explore shows, as its address keeps it. */
export interface ExploreState {
  queries: ExploreQuery[];
  tab: 'chart' | 'table';
  /** Seconds that the chart spans. */
  range: number;
  /** Where the chart ends and the table is evaluated, in seconds since 1970; `null` for now. */
  end: number | null;
  /** Seconds between points; `null` chooses from the range. */
  step: number | null;
  stacked: boolean;
  /** Whether the traces behind the samples are marked on the chart. */
  exemplars?: boolean;
  /** Set when an old link's panels had settings of their own that one chart cannot keep. */
  mixed?: boolean;
}

export const defaultRange = 3_600;
export const emptyQuery: ExploreQuery = { text: '', language: 'promql', hidden: false };

/** The most queries one address may hold. */
const maxQueries = 20;

/** A moment written as RFC 3339, Prometheus' `2026-11-22 20:00:00` (UTC), or seconds since 1970. */
export function parseMoment(text: string | null): number | null {
  if (!text) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const utc = /^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/.test(text) ? `${text.replace(' ', 'T')}${text.includes(' ') ? 'Z' : ''}` : text;
  const milliseconds = Date.parse(utc);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

const rfc3339 = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

export function readExplore(params: URLSearchParams): ExploreState {
  const queries: ExploreQuery[] = [];
  for (let index = 0; index < maxQueries; index += 1) {
    const text = params.get(`q${index}`);
    if (text === null) break;
    queries.push({ text, language: params.get(`lang${index}`) ?? 'promql', hidden: params.get(`off${index}`) === '1' });
  }
  return {
    queries: queries.length > 0 ? queries : [emptyQuery],
    tab: params.get('tab') === 'table' ? 'table' : 'chart',
    range: parseDuration(params.get('range') ?? '') ?? defaultRange,
    end: parseMoment(params.get('end')),
    step: parseDuration(params.get('step') ?? ''),
    stacked: params.get('stacked') === '1',
    ...(params.get('exemplars') === '1' ? { exemplars: true } : {}),
    mixed: params.get('mixed') === '1',
  };
}

export function writeExplore(state: ExploreState): URLSearchParams {
  const params = new URLSearchParams();
  state.queries.forEach((query, index) => {
    params.set(`q${index}`, query.text);
    if (query.language !== 'promql') params.set(`lang${index}`, query.language);
    if (query.hidden) params.set(`off${index}`, '1');
  });
  if (state.tab === 'table') params.set('tab', 'table');
  params.set('range', formatDuration(state.range));
  if (state.end !== null) params.set('end', rfc3339(state.end));
  if (state.step !== null) params.set('step', formatDuration(state.step));
  if (state.stacked) params.set('stacked', '1');
  if (state.exemplars) params.set('exemplars', '1');
  if (state.mixed) params.set('mixed', '1');
  return params;
}

/** A link that shows one expression in Explore. */
export function exploreLink(text: string, more: Partial<ExploreState> & { language?: string } = {}): string {
  const { language = 'promql', ...rest } = more;
  const state: ExploreState = {
    queries: [{ text, language, hidden: false }],
    tab: 'chart',
    range: defaultRange,
    end: null,
    step: null,
    stacked: false,
    ...rest,
  };
  return `/explore?${writeExplore(state)}`;
}

/** Points that a chart should have when no step is set, and the most the server gives (Prometheus' own limit). */
const wantedPoints = 250;
const maxPoints = 11_000;

/** The step in seconds for a range: whole seconds from 1 s on, never more points than the server gives. */
export function stepFor(range: number, step: number | null): number {
  const least = range / maxPoints;
  if (step !== null) return Math.max(step, least);
  const ideal = range / wantedPoints;
  return ideal < 1 ? Math.max(0.25, Math.round(ideal * 4) / 4) : Math.round(ideal);
}

/** Reads the panels of Prometheus' `/graph?g0.expr=…`, old and new parameter names alike. */
export function fromGraph(params: URLSearchParams): ExploreState {
  const panels: ExploreState[] = [];
  const queries: ExploreQuery[] = [];
  for (let index = 0; index < maxQueries; index += 1) {
    const get = (name: string) => params.get(`g${index}.${name}`);
    const text = get('expr');
    if (text === null) break;
    queries.push({ text, language: get('language') ?? 'promql', hidden: get('show_tree') === 'hidden' });
    const tab = get('tab');
    const table = tab === '1' || tab === 'table' || tab === 'explain' || tab === null;
    const fixedStep = get('res_type') === 'auto' ? null : (get('res_step') ?? get('step_input'));
    panels.push({
      queries: [],
      tab: table ? 'table' : 'chart',
      range: parseDuration(get('range_input') ?? '') ?? defaultRange,
      end: parseMoment(get('end_input') ?? get('moment_input')),
      step: parseDuration(fixedStep ?? ''),
      stacked: get('stacked') === '1' || get('display_mode') === 'stacked',
    });
  }
  const first = panels[0];
  if (!first) return readExplore(new URLSearchParams());
  const mixed = panels.some((panel) => (['tab', 'range', 'end', 'step', 'stacked'] as const).some((key) => panel[key] !== first[key]));
  return { ...first, queries, mixed };
}
