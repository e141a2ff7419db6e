/** What a panel asks: its queries with variables filled in, their ranges on a grid, their steps. */

import type { Panel, Target } from '../model';
import { offsetMs, panelRange } from '../time';
import type { Language, VariableState } from '../variables';
import { filtersFor, interpolate, interpolateQuery, sourceOfTarget, withBuiltins, withFilters } from '../variables';
import type { Query } from './answer';
import { aligned, otherInterval, promqlInterval } from './interval';
import { isLogQuery } from '../../logs/edit';
import { tracesTarget } from './tempo';
import type { Added, PanelContext, PanelRequest, TargetPlace } from './targets';
import { prepare } from './targets';

/** Kinds of panels that show no data, whatever queries they were saved with. */
const withoutData = new Set(['row', 'text', 'dashlist', 'alertlist', 'annolist', 'news', 'welcome', 'gettingstarted']);
const defaultScrapeMs = 15_000;
/** Grafana's own limit of lines, unless a query says otherwise. */
const defaultLines = 1_000;

const none: Added = { queries: [], prepared: null };
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Fills in a query's text and puts the conditions of adhoc variables into it. */
export function fillQuery(written: string, language: Language, { state, context }: Pick<TargetPlace, 'state' | 'context'>): string {
  return withFilters(interpolateQuery(written, state, context.scoped), language, filtersFor(language, context.dashboard, context.variables));
}

function promqlTarget(place: TargetPlace): Added {
  const { key, target, interval, context, span } = place;
  const query = fillQuery(text(target.expr), 'promql', place).trim();
  if (query === '') return none;
  const { stepMs } = interval;
  const isInstant = target.instant === true;
  const isRange = target.range === true || !isInstant;
  const grid = aligned(span, stepMs, offsetMs(span.to, context.timeZone));
  const base = { language: 'promql', query } as const;
  const queries: Query[] = [];
  if (isRange) queries.push({ ...base, id: key, kind: 'range', from_ms: grid.from, to_ms: grid.to, step_ms: stepMs });
  if (isInstant) queries.push({ ...base, id: isRange ? `${key}:instant` : key, kind: 'instant', from_ms: span.from, to_ms: span.to });
  const ids = queries.map(({ id }) => id);
  if (isRange && target.exemplar === true) queries.push({ ...base, id: `${key}:exemplars`, kind: 'exemplars', from_ms: grid.from, to_ms: grid.to + stepMs });
  return { queries, prepared: prepare(place, 'promql', query, target.format === 'table' ? 'table' : target.format === 'heatmap' ? 'heatmap' : 'series', ids) };
}

function logqlTarget(place: TargetPlace): Added {
  const { key, target, interval, context, span } = place;
  const query = fillQuery(text(target.expr), 'logql', place).trim();
  if (query === '') return none;
  if (isLogQuery(query)) {
    const limit = Number(target.maxLines) > 0 ? Math.floor(Number(target.maxLines)) : defaultLines;
    const direction = target.direction === 'forward' ? 'forward' : 'backward';
    return { queries: [{ id: key, language: 'logql', kind: 'logs', query, from_ms: span.from, to_ms: span.to, limit, direction }], prepared: prepare(place, 'logql', query, 'logs', [key]) };
  }
  const { stepMs } = interval;
  const grid = aligned(span, stepMs, offsetMs(span.to, context.timeZone));
  const asked: Query = isInstantLogs(target)
    ? { id: key, language: 'logql', kind: 'instant', query, from_ms: span.from, to_ms: span.to }
    : { id: key, language: 'logql', kind: 'range', query, from_ms: grid.from, to_ms: grid.to, step_ms: stepMs };
  return { queries: [asked], prepared: prepare(place, 'logql', query, 'series', [key]) };
}

const isInstantLogs = (target: Target) => target.queryType === 'instant' || (target.queryType === undefined && target.instant === true);

/** The panel whose data another one shows. */
function sharedPanel(panel: Panel, context: PanelContext): Panel | undefined {
  const id = panel.targets?.find((target) => typeof target.panelId === 'number')?.panelId;
  return id === undefined ? undefined : context.dashboard.panels.flatMap((each) => [each, ...(each.panels ?? [])]).find((each) => each.id === id && each.type !== 'row');
}

const adders: Record<Language, (place: TargetPlace) => Added> = { promql: promqlTarget, logql: logqlTarget, traceql: tracesTarget };

/** How many panels may show each other's data in a chain. */
const deepest = 4;

function requestOf(panel: Panel, context: PanelContext, depth: number): PanelRequest {
  const { dashboard, scoped, variables } = context;
  const fill = (written: unknown) => interpolate(text(written), variables, scoped);
  const calendar = { weekStart: dashboard.weekStart, fiscalYearStartMonth: dashboard.fiscalYearStartMonth };
  const own = panelRange({ timeFrom: fill(panel.timeFrom), timeShift: fill(panel.timeShift), hideTimeOverride: panel.hideTimeOverride }, context, context.now, context.timeZone, calendar);
  const { span, raw, note, shiftMs } = own;
  const general = withBuiltins(variables, { dashboard, span, raw, timeZone: context.timeZone, user: context.user });
  const request: PanelRequest = { panel, queries: [], targets: [], problems: own.error ? [own.error] : [], span, raw, note, shiftMs, state: general, context };
  if (withoutData.has(panel.type)) return request;

  const scrapeMs = context.scrapeMs ?? defaultScrapeMs;
  const maxDataPoints = typeof panel.maxDataPoints === 'number' && panel.maxDataPoints > 0 ? panel.maxDataPoints : Math.max(1, Math.round(context.width));
  const panelInterval = fill(panel.interval);
  const targets = (panel.targets ?? []).filter(({ hide }) => hide !== true);
  const tables = targets.filter(({ format, expr }) => format === 'table' && text(expr).trim() !== '');
  request.state = { ...general, ...promqlInterval({ span, maxDataPoints, panelInterval, scrapeMs }).variables };
  const seen = new Set<string>();
  for (const [index, given] of targets.entries()) {
    // Queries of one name would overwrite each other's answers.
    const refId = given.refId && !seen.has(given.refId) ? given.refId : `${given.refId || 'Q'}${index}`;
    seen.add(refId);
    const target: Target = { ...given, refId };
    const source = sourceOfTarget(panel, target, dashboard, variables, scoped);
    if (source.kind === 'dashboard') {
      const from = sharedPanel(panel, context);
      if (!from || depth >= deepest) {
        request.problems.push(from ? 'Panels show each other’s data in a circle' : `Query ${refId}: the panel whose data it shows does not exist`);
        continue;
      }
      const of = requestOf({ ...from, timeFrom: from.timeFrom ?? panel.timeFrom, timeShift: from.timeShift ?? panel.timeShift }, context, depth + 1);
      return { ...of, panel, problems: [...request.problems, ...of.problems], ...(target.withTransforms === true ? { shared: from } : {}) };
    }
    if (source.kind !== 'language') {
      request.problems.push(`Query ${refId}: ${source.kind === 'problem' ? source.problem : source.kind === 'grafana' ? 'not shown: Grafana’s made-up data and lists' : 'its data source gives no data for panels'}`);
      continue;
    }
    const settings = { span, maxDataPoints, panelInterval, scrapeMs, intervalFactor: target.intervalFactor, queryInterval: keepIntervals(text(target.interval) || text(target.step), general, scoped) };
    const isInstant = source.language === 'promql' ? target.instant === true && target.range !== true : isInstantLogs(target);
    const interval = source.language === 'promql' ? promqlInterval(settings) : otherInterval({ ...settings, intervalFactor: source.language === 'logql' ? Number(target.resolution ?? target.intervalFactor) : 1 }, isInstant);
    const place: TargetPlace = {
      key: `${context.key}/${refId}`,
      target,
      state: { ...general, ...interval.variables },
      interval,
      context,
      span,
      valueName: target.format === 'table' && tables.length > 1 ? `Value #${refId}` : 'Value',
    };
    try {
      const { queries, prepared, problem } = adders[source.language](place);
      request.queries.push(...queries);
      if (prepared) request.targets.push(prepared);
      if (problem) request.problems.push(`Query ${refId}: ${problem}`);
    } catch (cause) {
      request.problems.push(`Query ${refId}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return request;
}

/** The least step filled in; the names of intervals stay, since they are rules of their own there. */
const keepIntervals = (written: string, state: VariableState, scoped: PanelContext['scoped']) => interpolate(written, state, scoped).trim();

/** The queries of a panel, and what makes tables of their answers. Hidden queries are left out. */
export const panelRequest = (panel: Panel, context: PanelContext): PanelRequest => requestOf(panel, context, 0);

