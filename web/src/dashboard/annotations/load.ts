/** Loads what a dashboard marks on the time axis. */

import type { Incident } from '../../api/phoenix';
import { errorText, request } from '../../api/request';
import type { Answer, Query } from '../data/answer';
import { aligned, promqlInterval } from '../data/interval';
import { refresh } from '../data/refresh';
import { colorOf } from '../display';
import { isLogQuery } from '../../logs/edit';
import type { AnnotationQuery, Dashboard } from '../model';
import type { Annotation, TimeSpan } from '../panel';
import type { RawRange } from '../time';
import { offsetMs } from '../time';
import type { VariableState } from '../variables';
import { filtersFor, interpolate, interpolateQuery, resolveDataSource, withBuiltins, withFilters } from '../variables';
import type { EventFormat } from './events';
import { eventsOf, mostEvents } from './events';
import { annotationQueries, object, ownKind, text } from './queries';

export interface AnnotationContext {
  dashboard: Dashboard;
  variables: VariableState;
  span: TimeSpan;
  raw: RawRange;
  timeZone: string;
  isDark: boolean;
  scrapeMs?: number;
  /** Which queries the reader turned on or off, by name; the others are as the dashboard was saved. */
  choices?: ReadonlyMap<string, boolean>;
}

/** An annotation of `GET /api/phoenix/v1/annotations`. */
export interface KeptAnnotation {
  id: number;
  time_ms: number;
  time_end_ms?: number | null;
  text: string;
  tags?: string[] | null;
  dashboard_uid?: string | null;
  panel_id?: number | null;
  created_by?: string | null;
}

/** Asks the server; tests give other answers. */
export interface AnnotationFetchers {
  ask(queries: Query[], signal?: AbortSignal): Promise<Map<string, Answer>>;
  kept(params: URLSearchParams, signal?: AbortSignal): Promise<KeptAnnotation[]>;
  incidents(signal?: AbortSignal): Promise<Incident[]>;
}

export const serverAnnotations: AnnotationFetchers = {
  async ask(queries, signal) {
    const answers = new Map<string, Answer>();
    if (queries.length > 0) await refresh(queries, (id, answer) => answers.set(id, answer), signal);
    return answers;
  },
  kept: async (params, signal) => (await request<{ annotations?: KeptAnnotation[] }>(`/api/phoenix/v1/annotations?${params}`, { signal: signal ?? null })).annotations ?? [],
  incidents: async (signal) => (await request<{ incidents: Incident[] }>('/api/phoenix/v1/incidents?state=open,acknowledged,resolved&limit=500', { signal: signal ?? null })).incidents,
};

/** An annotation and the panels that show it. */
interface Placed {
  annotation: Annotation;
  /** The one panel that it was made on. */
  panel?: number;
  filter?: AnnotationQuery['filter'];
}

export interface LoadedAnnotations {
  placed: Placed[];
  problems: string[];
  /** Lists by panel, so that a panel gets the same one each time. */
  readonly byPanel: Map<number, Annotation[]>;
}

export const noAnnotations: LoadedAnnotations = { placed: [], problems: [], byPanel: new Map() };

/** Grafana's own colour for annotations that name none. */
const defaultColor = 'rgba(0, 211, 255, 1)';
/** Points of a query for events at most: Grafana asks for no more. */
const points = 100;
const defaultLimit = 100;

interface Asked {
  query: AnnotationQuery;
  ask: Query | null;
  format: EventFormat;
}

/** A query to an engine as the dashboard keeps it, in one of two places. */
function engineQuery(query: AnnotationQuery, index: number, language: 'promql' | 'logql', state: VariableState, context: AnnotationContext): Query | null {
  const target = object(query.target);
  const written = (text(query.expr) || text(target.expr)).trim();
  if (written === '') return null;
  const { span, dashboard, variables, timeZone, scrapeMs = 15_000 } = context;
  const least = text(query.step) || text(target.step) || text(target.interval) || '60s';
  const interval = promqlInterval({ span, maxDataPoints: points, queryInterval: interpolate(least, state), scrapeMs });
  const filled = withFilters(interpolateQuery(written, { ...state, ...interval.variables }), language, filtersFor(language, dashboard, variables));
  const id = `annotations/${index}`;
  if (language === 'logql' && isLogQuery(filled)) {
    const lines = Number(target.maxLines ?? query.maxLines);
    return { id, language, kind: 'logs', query: filled, from_ms: span.from, to_ms: span.to, limit: lines > 0 ? Math.min(lines, mostEvents) : defaultLimit, direction: 'backward' };
  }
  const grid = aligned(span, interval.stepMs, offsetMs(span.to, timeZone));
  return { id, language, kind: 'range', query: filled, from_ms: grid.from, to_ms: grid.to, step_ms: interval.stepMs };
}

function formatOf(query: AnnotationQuery, language: 'promql' | 'logql', state: VariableState, color: string): EventFormat {
  const target = object(query.target);
  const of = (key: 'titleFormat' | 'textFormat' | 'tagKeys') => interpolate(text(query[key]) || text(target[key]), state);
  return {
    title: of('titleFormat') || (language === 'promql' ? '{{alertname}}' : ''),
    text: of('textFormat') || (language === 'promql' ? '{{instance}}' : ''),
    tagKeys: of('tagKeys').split(',').map((key) => key.trim()).filter((key) => key !== ''),
    valueIsTime: query.useValueForTime === true || target.useValueForTime === true,
    color,
    source: query.name,
  };
}

/** Events that people and their tools told Phoenix of. */
function keptParams(query: AnnotationQuery, state: VariableState, { dashboard, span }: AnnotationContext): URLSearchParams | null {
  const target = object(query.target);
  const type = text(target.type) || text(query.type) || 'dashboard';
  const limit = Number(target.limit ?? query.limit);
  const params = new URLSearchParams({ from_ms: String(Math.floor(span.from)), to_ms: String(Math.ceil(span.to)), limit: String(limit > 0 ? Math.min(limit, mostEvents) : defaultLimit) });
  if (type !== 'tags') params.set('dashboard_uid', dashboard.uid);
  else {
    const list = Array.isArray(target.tags) ? target.tags : Array.isArray(query.tags) ? query.tags : [];
    // A variable with several values is several tags.
    const tags = list.flatMap((tag) => interpolate(text(tag), state, undefined, 'join:\u0000').split('\u0000')).filter((tag) => tag !== '');
    if (tags.length === 0) return null;
    for (const tag of tags) params.append('tags', tag);
    if ((target.matchAny ?? query.matchAny) === true) params.set('match_any', 'true');
  }
  return params;
}

const moment = (written: string | null | undefined) => (written ? Date.parse(written) : NaN);

function incidentEvents(incidents: Incident[], { span }: AnnotationContext, color: string, source: string): Annotation[] {
  return incidents
    .map(({ id, title, severity, opened_at: opened, resolved_at: resolved }): Annotation => ({ time: moment(opened), timeEnd: resolved ? moment(resolved) : span.to, title: `${id} ${title}`, tags: severity ? [severity] : [], color, source }))
    .filter(({ time, timeEnd }) => time <= span.to && timeEnd! >= span.from);
}

const mayBeMore = (name: string, shown: number) => `Annotations ${name}: the newest ${shown} are shown, which is the limit that the dashboard sets for them`;

/** Loads all annotations that are turned on. What cannot be loaded is a problem and stops nothing else. */
export async function loadAnnotations(context: AnnotationContext, fetchers: AnnotationFetchers = serverAnnotations, signal?: AbortSignal): Promise<LoadedAnnotations> {
  const { dashboard, variables, span, raw, timeZone, isDark } = context;
  const state = withBuiltins(variables, { dashboard, span, raw, timeZone });
  const problems: string[] = [];
  const asked: Asked[] = [];
  const others: Promise<Placed[]>[] = [];
  const wanted = annotationQueries(dashboard).filter(({ name, isOn }) => context.choices?.get(name) ?? isOn);
  for (const [index, { query, name }] of wanted.entries()) {
    const color = colorOf(query.iconColor || defaultColor, isDark);
    const failed = (cause: unknown): Placed[] => {
      if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
      problems.push(`Annotations ${name}: ${errorText(cause)}`);
      return [];
    };
    try {
      const kind = ownKind(query);
      if (kind === 'alerts') {
        const alerts: AnnotationQuery = { ...query, expr: text(query.expr) || 'ALERTS{alertstate="firing"}', titleFormat: text(query.titleFormat) || '{{alertname}}', textFormat: text(query.textFormat) || '{{instance}}', tagKeys: text(query.tagKeys) || 'severity' };
        asked.push({ query, ask: engineQuery(alerts, index, 'promql', state, context), format: formatOf(alerts, 'promql', state, color) });
      } else if (kind === 'incidents') {
        others.push(fetchers.incidents(signal).then((incidents) => incidentEvents(incidents, context, color, name).map((annotation) => ({ annotation, filter: query.filter })), failed));
      } else if (kind !== null) {
        problems.push(`Annotations ${name}: not shown: \`${kind}\` is neither \`alerts\` nor \`incidents\``);
      } else {
        const source = query.builtIn === 1 ? { kind: 'grafana' as const } : resolveDataSource(query.datasource, dashboard, variables);
        if (source.kind === 'language' && source.language !== 'traceql') asked.push({ query, ask: engineQuery(query, index, source.language, state, context), format: formatOf(query, source.language, state, color) });
        else if (source.kind === 'grafana') {
          const params = keptParams(query, state, context);
          if (params)
            others.push(
              fetchers.kept(params, signal).then(
                (kept) => {
                  if (kept.length >= Number(params.get('limit'))) problems.push(mayBeMore(name, kept.length));
                  return kept.map(({ time_ms: time, time_end_ms: end, text: shown, tags, panel_id: panel }) => ({
                    annotation: { time, ...(end && end > time ? { timeEnd: end } : {}), text: shown, ...(tags?.length ? { tags } : {}), color, source: name },
                    ...(panel ? { panel } : {}),
                    filter: query.filter,
                  }));
                },
                failed,
              ),
            );
        } else problems.push(`Annotations ${name}: ${source.kind === 'problem' ? source.problem : 'not shown: its data source gives no events'}`);
      }
    } catch (cause) {
      failed(cause);
    }
  }
  const queries = asked.flatMap(({ ask }) => ask ?? []);
  const [answers, ...rest] = await Promise.all([fetchers.ask(queries, signal), ...others]);
  const ofEngines = asked.flatMap(({ query, ask, format }): Placed[] => {
    const answer = ask && answers.get(ask.id);
    if (!answer) return [];
    if (answer.error) {
      problems.push(`Annotations ${query.name}: ${answer.error.message}`);
      return [];
    }
    const { events, left } = eventsOf(answer, format);
    if (answer.kind === 'logs' && ask.limit !== undefined && answer.entries.length >= ask.limit) problems.push(mayBeMore(query.name, answer.entries.length));
    if (left > 0) problems.push(`Annotations ${query.name}: the newest ${mostEvents} events are shown, ${left} earlier ones are not`);
    return events
      .filter(({ time, timeEnd = time }) => timeEnd >= span.from - (ask.step_ms ?? 0) && time <= span.to)
      .map((annotation) => ({ annotation, filter: query.filter }));
  });
  const placed = [...rest.flat(), ...ofEngines].sort((a, b) => a.annotation.time - b.annotation.time);
  return { placed, problems, byPanel: new Map() };
}

/** What one panel shows. */
export function annotationsOf(loaded: LoadedAnnotations, panel: number): Annotation[] {
  const known = loaded.byPanel.get(panel);
  if (known) return known;
  const shown = loaded.placed
    .filter(({ panel: own, filter }) => {
      if (own !== undefined && own !== panel) return false;
      return !filter?.ids || filter.ids.includes(panel) !== (filter.exclude === true);
    })
    .map(({ annotation }) => annotation);
  loaded.byPanel.set(panel, shown);
  return shown;
}
