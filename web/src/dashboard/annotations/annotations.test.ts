import { expect, test } from 'vitest';
import type { Incident } from '../../api/phoenix';
import type { Answer, Query } from '../data/answer';
import type { AnnotationQuery, Dashboard } from '../model';
import type { AnnotationContext, AnnotationFetchers, KeptAnnotation } from '.';
import { annotationQueries, annotationsOf, loadAnnotations } from '.';
import type { EventFormat } from './events';
import { lineEvents, metricEvents } from './events';

const span = { from: 0, to: 3_600_000 };
const dashboardOf = (list: AnnotationQuery[]): Dashboard => ({ uid: 'd', title: 'D', panels: [], annotations: { list } });
const context = (list: AnnotationQuery[], more: Partial<AnnotationContext> = {}): AnnotationContext => ({ dashboard: dashboardOf(list), variables: { env: { text: ['a', 'b'], value: ['a', 'b'] } }, span, raw: { from: 'now-1h', to: 'now' }, timeZone: 'UTC', isDark: true, ...more });
const format: EventFormat = { title: '{{alertname}}', text: 'on {{ instance }}', tagKeys: ['severity', 'none'], valueIsTime: false, color: 'red', source: 'q' };
const base = { color: 'red', source: 'q' };

const matrix = (labels: Record<string, string>, values: (number | string | null)[]): Answer & { kind: 'matrix' } => ({ ids: [], kind: 'matrix', start_ms: 0, step_ms: 60_000, points: values.length, series: [{ labels, values }] });

test('points above zero are events, neighbours are one span', () => {
  const labels = { alertname: 'Down', instance: 'h:1', severity: 'page' };
  const told = { ...base, title: 'Down', text: 'on h:1', tags: ['page'] };
  expect(metricEvents(matrix(labels, [1, 2, null, 0, 1, 'NaN', '+Inf', 1]), format)).toEqual([
    { ...told, time: 0, timeEnd: 60_000 },
    { ...told, time: 240_000 },
    { ...told, time: 360_000, timeEnd: 420_000 },
  ]);
});

test('a value may be the moment, in seconds or milliseconds; each counts once', () => {
  expect(metricEvents(matrix({}, [1_763_842_504, 1_763_842_504, 1_763_842_505_000]), { ...format, title: '', text: '', valueIsTime: true })).toEqual([
    { ...base, time: 1_763_842_504_000 },
    { ...base, time: 1_763_842_505_000 },
  ]);
});

test('a line is an event with the values of its labels as tags', () => {
  const answer: Answer & { kind: 'logs' } = { ids: [], kind: 'logs', entries: [{ time_ns: '1763842504123456789', labels: { app: 'a' }, metadata: { v: '2' }, line: 'deployed' }] };
  expect(lineEvents(answer, { ...format, title: 'version {{v}}', text: '', tagKeys: [] })).toEqual([{ ...base, time: 1_763_842_504_123, title: 'version 2', text: 'deployed', tags: ['a'] }]);
  expect(lineEvents(answer, { ...format, title: '', text: '{{app}}', tagKeys: ['v'] })).toEqual([{ ...base, time: 1_763_842_504_123, text: 'a', tags: ['2'] }]);
});

function fetchers(answers: Record<string, Answer> = {}, kept: KeptAnnotation[] = [], incidents: Incident[] = []) {
  const asked: { queries: Query[]; kept: string[] } = { queries: [], kept: [] };
  const made: AnnotationFetchers = {
    ask: async (queries) => {
      asked.queries.push(...queries);
      return new Map(queries.flatMap(({ id, query }) => (answers[query] ? [[id, answers[query]] as const] : [])));
    },
    kept: async (params) => {
      asked.kept.push(params.toString());
      return kept;
    },
    incidents: async () => incidents,
  };
  return { made, asked };
}

const builtIn: AnnotationQuery = { name: 'Annotations & Alerts', builtIn: 1, enable: true, hide: true, iconColor: 'rgba(0, 211, 255, 1)', datasource: { type: 'grafana', uid: '-- Grafana --' }, target: { type: 'dashboard', limit: 100, matchAny: false, tags: [] } };

test('queries are asked of their engines with variables and steps filled in', async () => {
  const { made, asked } = fetchers();
  const loaded = await loadAnnotations(
    context([
      { name: 'metric', datasource: { type: 'prometheus', uid: 'x' }, expr: 'a{env=~"$env"}[$__interval]', step: '2m' },
      { name: 'lines', datasource: { type: 'loki', uid: 'x' }, expr: '{app="a"}' },
      { name: 'newer', datasource: { type: 'prometheus', uid: 'x' }, target: { expr: 'b' } },
      { name: 'off', enable: false, datasource: { type: 'prometheus', uid: 'x' }, expr: 'c' },
      { name: 'empty', datasource: { type: 'prometheus', uid: 'x' }, expr: '' },
      { name: 'flux', datasource: { type: 'influxdb', uid: 'x' }, expr: 'c' },
    ]),
    made,
  );
  const grid = { from_ms: 0, to_ms: 3_600_000 };
  expect(asked.queries).toEqual([
    { id: 'annotations/0', language: 'promql', kind: 'range', query: 'a{env=~"(a|b)"}[2m]', ...grid, step_ms: 120_000 },
    { id: 'annotations/1', language: 'logql', kind: 'logs', query: '{app="a"}', ...grid, limit: 100, direction: 'backward' },
    { id: 'annotations/2', language: 'promql', kind: 'range', query: 'b', ...grid, step_ms: 60_000 },
  ]);
  expect(loaded.problems).toEqual(['Annotations flux: not shown: InfluxDB']);
});

test('what was told is asked by the dashboard or by tags', async () => {
  const { made, asked } = fetchers();
  const tags = { ...builtIn, name: 'Deploys', builtIn: 0, target: { type: 'tags', tags: ['deploy', '$env'], matchAny: true } };
  await loadAnnotations(context([builtIn, tags, { ...tags, name: 'none', target: { type: 'tags', tags: [] } }]), made);
  expect(asked.kept).toEqual(['from_ms=0&to_ms=3600000&limit=100&dashboard_uid=d', 'from_ms=0&to_ms=3600000&limit=100&tags=deploy&tags=a&tags=b&match_any=true']);
});

test('panels show what is meant for them', async () => {
  const kept: KeptAnnotation[] = [
    { id: 1, time_ms: 10, time_end_ms: 20, text: 'all', tags: ['t'] },
    { id: 2, time_ms: 30, time_end_ms: 30, text: 'of 4', panel_id: 4 },
  ];
  const { made } = fetchers({ only: matrix({ instance: 'only' }, [1]), but: matrix({ instance: 'but' }, [1]) }, kept);
  const query = { datasource: { type: 'prometheus', uid: 'x' }, iconColor: 'red' };
  const loaded = await loadAnnotations(context([builtIn, { ...query, name: 'only', expr: 'only', filter: { ids: [3] } }, { ...query, name: 'but', expr: 'but', filter: { exclude: true, ids: [3] } }]), made);
  const of = (panel: number) => annotationsOf(loaded, panel).map(({ text }) => text);
  expect([of(3), of(4)]).toEqual([['only', 'all'], ['but', 'all', 'of 4']]);
  expect(annotationsOf(loaded, 3)).toBe(annotationsOf(loaded, 3));
  expect(annotationsOf(loaded, 3)[1]).toEqual({ time: 10, timeEnd: 20, text: 'all', tags: ['t'], color: 'rgba(0, 211, 255, 1)', source: 'Annotations & Alerts' });
});

test('alerts and incidents are there for whoever turns them on', async () => {
  expect(annotationQueries(dashboardOf([builtIn])).map(({ name, isOn, isHidden }) => [name, isOn, isHidden])).toEqual([
    ['Annotations & Alerts', true, true],
    ['Alerts', false, false],
    ['Incidents', false, false],
  ]);
  const own = { name: 'Mine', type: 'phoenix', query: 'alerts' };
  expect(annotationQueries(dashboardOf([own, { name: 'Incidents' }])).map(({ name }) => name)).toEqual(['Mine', 'Incidents', 'Phoenix: Incidents']);
  const incident = (id: string, opened: number, resolved?: number) => ({ id, title: 'Down', severity: 'critical', opened_at: new Date(opened).toISOString(), resolved_at: resolved === undefined ? null : new Date(resolved).toISOString() }) as Incident;
  const { made } = fetchers({ 'ALERTS{alertstate="firing"}': matrix({ alertname: 'Down', instance: 'h', severity: 'page' }, [null, 1, 1]) }, [], [incident('INC-1', -9_000, -5_000), incident('INC-2', -9_000, 5_000), incident('INC-3', 1_000)]);
  const loaded = await loadAnnotations(context([], { choices: new Map([['Alerts', true], ['Incidents', true]]) }), made);
  expect(annotationsOf(loaded, 1).map(({ title, time, timeEnd, tags }) => [title, time, timeEnd, tags])).toEqual([
    ['INC-2 Down', -9_000, 5_000, ['critical']],
    ['INC-3 Down', 1_000, 3_600_000, ['critical']],
    ['Down', 60_000, 120_000, ['page']],
  ]);
});

test('events that are left out are told', async () => {
  const list: AnnotationQuery[] = [
    builtIn,
    { name: 'Lines', datasource: { type: 'loki', uid: 'x' }, expr: '{app="a"}', maxLines: 2 },
    { name: 'Moments', datasource: { type: 'prometheus', uid: 'x' }, expr: 'moments', useValueForTime: true },
  ];
  const line = (at: number) => ({ time_ns: String(at * 1e9), labels: {}, metadata: {}, line: 'x' });
  const { made } = fetchers(
    { '{app="a"}': { ids: [], kind: 'logs', entries: [line(20), line(10)] }, moments: matrix({}, Array.from({ length: 2_005 }, (_, place) => 1_000 + place)) },
    Array.from({ length: 100 }, (_, id) => ({ id, time_ms: 5_000, text: 'x' })),
  );
  const loaded = await loadAnnotations(context(list), made);
  expect(loaded.problems.sort()).toEqual([
    'Annotations Annotations & Alerts: the newest 100 are shown, which is the limit that the dashboard sets for them',
    'Annotations Lines: the newest 2 are shown, which is the limit that the dashboard sets for them',
    'Annotations Moments: the newest 2000 events are shown, 5 earlier ones are not',
  ]);
});

test('what fails is told and stops nothing else', async () => {
  const { made } = fetchers({ bad: { ids: [], error: { type: 'bad_data', message: 'broken' } }, good: matrix({ instance: 'good' }, [1]) });
  const query = { datasource: { type: 'prometheus', uid: 'x' } };
  const loaded = await loadAnnotations(context([builtIn, { ...query, name: 'a', expr: 'bad' }, { ...query, name: 'b', expr: 'good' }]), { ...made, kept: () => Promise.reject(new Error('no server')) });
  expect([loaded.problems.sort(), annotationsOf(loaded, 1).map(({ text }) => text)]).toEqual([['Annotations Annotations & Alerts: no server', 'Annotations a: broken'], ['good']]);
});
