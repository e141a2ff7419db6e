import { expect, test } from 'vitest';
import type { Dashboard, Panel, Variable } from '../model';
import type { Fetchers } from './fetchers';
import { withFilters } from './filters';
import type { LoadedVariables, VariableState } from '.';
import { interpolate, interpolateQuery, interpolateTraceql, isSearched, loadVariables, readFilter, readVariables, repeatPanels, resolveDataSource, searchOptions, sections, variablesIn, withBuiltins, writeFilter, writeVariables } from '.';
import { customOptions, pickOptions, sortOptions } from './options';
import { readQuery } from './queries';

const hour = 3_600_000;
const span = { from: Date.parse('2026-11-22T14:00:00Z'), to: Date.parse('2026-11-22T20:00:00Z') };
const dashboardOf = (list: (Partial<Variable> & { name: string })[], panels: Panel[] = []): Dashboard => ({ uid: 'uid-1', title: 'A title', panels, templating: { list: list.map((each) => ({ type: 'query', ...each }) as Variable) } });

const state: VariableState = {
  one: { text: 'One', value: 'a.b' },
  multi: { text: ['A', 'B'], value: ['a.b', 'c|d'], isPattern: true },
  single: { text: ['A'], value: ['a.b'], isPattern: true },
  all: { text: 'All', value: '$__all', resolved: ['x', 'y'], isPattern: true, options: [] },
  star: { text: 'All', value: '$__all', resolved: '.+ $one', isCustomAll: true, isPattern: true },
  none: { text: [], value: [], isPattern: true },
  quotes: { text: 'q', value: ['say "hi"', "it's", 'a\\b'], isPattern: true },
};

test.each([
  ['$one and ${one} and [[one]]', 'a.b and a.b and a.b'],
  ['$unknown ${unknown:csv} [[unknown]] $1 cost: 5$', '$unknown ${unknown:csv} [[unknown]] $1 cost: 5$'],
  ['$ones', '$ones'],
  ['${one.text} ${one.value}', 'One a.b'],
  ['$multi $single', '{a.b,c|d} a.b'],
  ['${multi:csv} ${multi:raw} ${multi:pipe}', 'a.b,c|d a.b,c|d a.b|c|d'],
  ['${multi:join: or }', 'a.b or c|d'],
  ['${multi:regex} ${single:regex}', '(a\\.b|c\\|d) a\\.b'],
  ['[[multi:regex]]', '(a\\.b|c\\|d)'],
  ['${multi:text} ${all:text}', 'A + B All'],
  ['${quotes:doublequote} ${quotes:singlequote} ${quotes:sqlstring}', '"say \\"hi\\"","it\'s","a\\b" \'say "hi"\',\'it\\\'s\',\'a\\b\' \'say "hi"\',\'it\'\'s\',\'a\\b\''],
  ['${multi:json} ${one:json}', '["a.b","c|d"] a.b'],
  ['${multi:lucene} ${one:lucene} ${none:lucene}', '("a.b" OR "c|d") a.b __empty__'],
  ['${multi:distributed}', 'a.b,multi=c|d'],
  ['${multi:queryparam} ${all:queryparam}', 'var-multi=a.b&var-multi=c%7Cd var-all=%24__all'],
  ['${multi:percentencode} ${one:uriencode}', '%7Ba.b%2Cc%7Cd%7D a.b'],
  ['${multi:customqueryparam:p:v-}', 'p=v-a.b&p=v-c%7Cd'],
  ['${multi:glob} ${multi:nonsense}', '{a.b,c|d} {a.b,c|d}'],
  ['${star} ${star:text} ${star:regex}', '.+ a.b All .+ a.b'],
  ['$all ${all:csv}', '{x,y} x,y'],
])('%s becomes %s', (text, expected) => {
  expect(interpolate(text, state)).toBe(expected);
});

test.each([
  ['a{b="$one"}', 'a{b="a.b"}'],
  ['a{b=~"$multi"}', 'a{b=~"(a\\\\.b|c\\\\|d)"}'],
  ['a{b=~`$multi`}', 'a{b=~`(a\\.b|c\\|d)`}'],
  ['a{b=~"$single"}', 'a{b=~"a\\\\.b"}'],
  ['a{b=~"$all", c=~"$star"}', 'a{b=~"(x|y)", c=~".+ a.b"}'],
  ['a{b=~"${multi:pipe}"}', 'a{b=~"a.b|c|d"}'],
  ['a{b=~"$quotes"}', 'a{b=~"(say \\"hi\\"|it\'s|a\\\\\\\\b)"}'],
  ['a{b=~"$none"}', 'a{b=~"()"}'],
  // A quote in a comment opens no string.
  ["# it's\na{b=~`$single`}", "# it's\na{b=~`a\\.b`}"],
])('in a query %s becomes %s', (text, expected) => {
  expect(interpolateQuery(text, state)).toBe(expected);
});

test('TraceQL takes several values without brackets', () => {
  expect(interpolateTraceql('{ name =~ "$all" }', state)).toBe('{ name =~ "x|y" }');
});

test('values of one place come before the dashboard’s, and are written as their variable’s are', () => {
  const scoped = { multi: { text: 'B', value: 'c|d' }, '__field.labels.job': { text: 'api', value: 'api' }, '__data.fields.0': { text: 'zero', value: 'zero' } };
  expect(interpolate('$multi ${__field.labels.job} ${__field.labels["job"]} ${__data.fields[0]} ${__field.name}', state, scoped)).toBe('c|d api api zero ${__field.name}');
  expect(interpolateQuery('a{b=~"$multi"}', state, scoped)).toBe('a{b=~"c\\\\|d"}');
});

test('a dashboard’s own values', () => {
  const whole = withBuiltins(state, { dashboard: dashboardOf([]), span, raw: { from: 'now-6h', to: 'now' }, timeZone: 'Europe/Berlin', user: 'ada' });
  const shown = (text: string) => interpolate(text, whole);
  expect(shown('$__from ${__to:date} ${__from:date:seconds} ${__to:date:YYYY-MM-DD HH:mm}')).toBe(`${span.from} 2026-11-22T20:00:00.000Z ${span.from / 1000} 2026-11-22 21:00`);
  expect(shown('$__range $__range_s $__range_ms $__timezone')).toBe(`21600s 21600 ${6 * hour} Europe/Berlin`);
  expect(shown('$__dashboard ${__dashboard.uid} ${__user.login} ${__org.id}')).toBe('A title uid-1 ada 1');
  expect(shown('/d/x?${__url_time_range}&${__all_variables}')).toBe('/d/x?from=now-6h&to=now&var-one=a.b&var-multi=a.b&var-multi=c%7Cd&var-single=a.b&var-all=%24__all&var-star=%24__all&var-none=&var-quotes=say+%22hi%22&var-quotes=it%27s&var-quotes=a%5Cb');
  expect(shown('$timeFilter $__timeFilter(x)')).toBe('$timeFilter $__timeFilter(x)');
});

test('the names in a text', () => {
  expect(variablesIn('a{b="$x", c="${y:csv}", d="[[z]]", e="$x"} ${w.text}')).toEqual(['x', 'y', 'z', 'w']);
  expect(variablesIn('nothing')).toEqual([]);
});

test('choices and conditions go through an address', () => {
  const filter = { key: 'path', operator: '=|', value: 'a,b', values: ['a,b', 'c|d#'] };
  expect(writeFilter(filter)).toBe('path|=__gfp__|a__gfc__b|c__gfp__d__gfh__');
  expect(readFilter(writeFilter(filter))).toEqual(filter);
  expect([readFilter('path|=|x'), readFilter('path'), readFilter('a|=|x,shown')]).toEqual([{ key: 'path', operator: '=', value: 'x' }, null, { key: 'a', operator: '=', value: 'x' }]);
  expect(readVariables(writeVariables({ ...state, f: { text: '', value: '', filters: [filter] }, g: { text: '', value: '', filters: [] } }))).toEqual({
    ...{ one: ['a.b'], multi: ['a.b', 'c|d'], single: ['a.b'], all: ['$__all'], star: ['$__all'], none: [''], quotes: ['say "hi"', "it's", 'a\\b'] },
    f: ['path|=__gfp__|a__gfc__b|c__gfp__d__gfh__'],
    g: [''],
  });
});

test.each([
  ['', ['b1', 'a2'], ['b1', 'a2']],
  ['/(\\w)\\d/', ['b1', 'a2', '?'], ['b', 'a']],
  ['/^a/', ['b1', 'a2'], ['a2']],
  ['a.', ['b1', 'a2', 'a22'], ['a2']],
  ['/A/i', ['b1', 'a2'], ['a2']],
  ['/(\\d)/g', ['1-2', '3'], ['1', '2', '3']],
  ['/x="(?<text>[^"]+).*y="(?<value>[^"]+)/', ['m{x="A",y="a"} 1', 'm{y="b"}'], ['A=a']],
  ['/(?<value>\\w)\\d/', ['b1', 'b2'], ['b']],
])('the pattern %s takes out of %o %o', (pattern, values, expected) => {
  expect(pickOptions(values, pattern).map(({ text, value }) => (text === value ? text : `${text}=${value}`))).toEqual(expected);
});

test.each([
  [0, 'b10 B9 a10 c'],
  [1, 'B9 a10 b10 c'],
  [2, 'c b10 a10 B9'],
  [3, 'c B9 b10 a10'],
  [4, 'a10 b10 B9 c'],
  [5, 'a10 b10 B9 c'],
  [6, 'c B9 b10 a10'],
  [7, 'a10 B9 b10 c'],
  [8, 'c b10 B9 a10'],
])('order %i is %s', (sort, expected) => {
  expect(sortOptions(['b10', 'B9', 'a10', 'c'].map((text) => ({ text, value: text })), sort).map(({ text }) => text).join(' ')).toBe(expected);
});

test('options that people wrote', () => {
  expect(customOptions('a, b , c\\,d,One : 1,http://x:80,')).toEqual([
    { text: 'a', value: 'a' },
    { text: 'b', value: 'b' },
    { text: 'c,d', value: 'c,d' },
    { text: 'One', value: '1' },
    { text: 'http://x:80', value: 'http://x:80' },
  ]);
});

test.each<[Variable['query'], 'promql' | 'logql' | 'traceql', unknown]>([
  ['label_names()', 'promql', { kind: 'names', match: null }],
  ['label_values(job)', 'promql', { kind: 'values', label: 'job', match: null }],
  ['label_values(up{job=~"a|b", x="1,2"}, instance)', 'promql', { kind: 'values', label: 'instance', match: 'up{job=~"a|b", x="1,2"}' }],
  ['label_values(rate(a[5m]), job )', 'promql', { kind: 'values', label: 'job', match: 'rate(a[5m])' }],
  ['label_values({__name__=~"a.*"}, "http.route")', 'promql', { kind: 'values', label: 'http.route', match: '{__name__=~"a.*"}' }],
  ['metrics(node_.*)', 'promql', { kind: 'metrics', filter: 'node_.*' }],
  ['query_result(topk(5, sum by (a) (b)))', 'promql', { kind: 'result', expression: 'topk(5, sum by (a) (b))' }],
  ['up{job="a"}', 'promql', { kind: 'series', match: 'up{job="a"}' }],
  [{ query: 'label_values(up, job)', refId: 'PrometheusVariableQueryEditor-VariableQuery', qryType: 1 }, 'promql', { kind: 'values', label: 'job', match: 'up' }],
  [{ qryType: 1, label: 'job', metric: 'up', labelFilters: [{ label: 'a', op: '=', value: 'b' }], refId: 'x' }, 'promql', { kind: 'values', label: 'job', match: 'up{a="b"}' }],
  ['label_values(', 'promql', { error: '`label_values(` is no complete call: `label_values(metric, label)`' }],
  ['label_values({app="a"}, pod)', 'logql', { kind: 'values', label: 'pod', match: '{app="a"}' }],
  [{ type: 1, label: 'pod', stream: '{app="a"}', refId: 'LokiVariableQueryEditor-VariableQuery' }, 'logql', { kind: 'values', label: 'pod', match: '{app="a"}' }],
  [{ type: 0, refId: 'x' }, 'logql', { kind: 'names', match: null }],
  [{ type: 1, label: 'service.name', refId: 'TempoDatasourceVariableQueryEditor-VariableQuery' }, 'traceql', { kind: 'values', label: 'service.name', match: null }],
  ['rate({a="b"}[5m])', 'logql', { error: '`rate({a="b"}[5m])` is neither `label_names()` nor `label_values(label)`' }],
])('the query %o of %s asks for %o', (query, language, expected) => {
  expect(readQuery({ name: 'x', type: 'query', query }, language, (text) => text)).toEqual(expected);
});

/** A made-up server: zones have hosts, hosts have disks. */
function fetchers(log: string[] = []): Fetchers {
  const answers: Record<string, string[]> = {
    'values zone null': ['north', 'south'],
    'values host up{zone="north"}': ['n1', 'n2'],
    'values host up{zone="south"}': ['s1'],
    'values host up{zone=~"(north|south)"}': ['n1', 'n2', 's1'],
    'values disk up{host="n1"}': ['sda', 'sdb'],
    'values disk up{host="s1"}': ['vda'],
    'names null': ['zone', 'host'],
  };
  const answer = async (question: string) => {
    log.push(question);
    const found = answers[question];
    if (!found) throw new Error(`no answer to ${question}`);
    return found;
  };
  const labels = { names: (match: string | null) => answer(`names ${match}`), values: (name: string, match: string | null) => answer(`values ${name} ${match}`) };
  return {
    promql: {
      ...labels,
      series: async () => [{ __name__: 'up', job: 'a' }],
      query: async () => ({ series: [{ metric: { __name__: 'up', job: 'a', zone: 'n' }, value: [1.5, '3'] }] }),
    },
    logql: labels,
    traceql: labels,
  };
}

const shown = ({ state: loaded, problems }: LoadedVariables) => ({ values: Object.fromEntries(Object.entries(loaded).map(([name, { value, resolved }]) => [name, resolved ?? value])), problems });
const chain = dashboardOf([
  { name: 'disk', query: 'label_values(up{host="$host"}, disk)' },
  { name: 'host', query: 'label_values(up{zone="$zone"}, host)' },
  { name: 'zone', query: 'label_values(zone)', current: { text: 'south', value: 'south' } },
  { name: 'other', type: 'custom', query: 'a,b', current: { text: 'b', value: 'b' } },
]);

test('variables wait for those that they are made of, whatever their order', async () => {
  const log: string[] = [];
  const loaded = await loadVariables(chain, {}, span, fetchers(log));
  expect(shown(loaded)).toEqual({ values: { disk: 'vda', host: 's1', zone: 'south', other: 'b' }, problems: {} });
  expect(log).toEqual(['values zone null', 'values host up{zone="south"}', 'values disk up{host="s1"}']);
});

test('a change reaches what depends on it and nothing else', async () => {
  const first = await loadVariables(chain, {}, span, fetchers());
  const log: string[] = [];
  const next = await loadVariables(chain, { zone: ['north'], host: ['s1'] }, span, fetchers(log), { timeZone: 'UTC', previous: first });
  // The choice of a host that is gone falls to the first.
  expect(shown(next).values).toEqual({ disk: 'sda', host: 'n1', zone: 'north', other: 'b' });
  expect(log).toEqual(['values host up{zone="north"}', 'values disk up{host="n1"}']);
  expect(next.state.other).toBe(first.state.other);
  const again: string[] = [];
  const same = await loadVariables(chain, { zone: ['north'], host: ['n1'] }, span, fetchers(again), { timeZone: 'UTC', previous: next, isNewRange: true });
  expect([again, same.state.zone === next.state.zone, same.state.disk === next.state.disk]).toEqual([[], true, true]);
});

test('a new range asks again for those that follow it', async () => {
  const following = dashboardOf([{ name: 'zone', query: 'label_values(zone)', refresh: 2 }, { name: 'once', query: 'label_names()', refresh: 1 }]);
  const first = await loadVariables(following, {}, span, fetchers());
  const log: string[] = [];
  const next = await loadVariables(following, {}, span, fetchers(log), { timeZone: 'UTC', previous: first, isNewRange: true });
  expect([log, next.state.zone === first.state.zone]).toEqual([['values zone null'], true]);
});

test('the address may say what is not offered, a saved choice may not', async () => {
  const load = async (variable: Partial<Variable>, chosen?: string[]) => (await loadVariables(dashboardOf([{ name: 'v', query: 'label_values(zone)', ...variable }]), { v: chosen }, span, fetchers())).state.v!;
  const of = async (variable: Partial<Variable>, chosen?: string[]) => {
    const { value, text, resolved } = await load(variable, chosen);
    return resolved === undefined ? [value, text] : [value, text, resolved];
  };
  expect(await of({}, ['west'])).toEqual(['west', 'west']);
  expect(await of({ allowCustomValue: false }, ['west'])).toEqual(['north', 'north']);
  expect(await of({ current: { text: 'west', value: 'west' } })).toEqual(['north', 'north']);
  expect(await of({ multi: true }, ['south', 'west'])).toEqual([['south', 'west'], ['south', 'west']]);
  expect(await of({ multi: true, current: { text: ['south', 'west'], value: ['south', 'west'] } })).toEqual([['south'], ['south']]);
  expect(await of({ multi: true }, [''])).toEqual([[], []]);
  expect(await of({ includeAll: true })).toEqual(['$__all', 'All', ['north', 'south']]);
  expect(await of({ includeAll: true, multi: true, current: { text: ['All'], value: ['$__all'] } })).toEqual([['$__all'], ['All'], ['north', 'south']]);
  expect(await of({ includeAll: true, allValue: '.*' }, ['All'])).toEqual(['$__all', 'All', '.*']);
  expect(await of({ regex: '/(.)o/' })).toEqual(['n', 'n']);
  expect(await of({ type: 'custom', query: 'One : 1, Two : 2' }, ['Two'])).toEqual(['2', 'Two']);
  expect(await of({ refresh: 0, options: [{ text: 'kept', value: 'kept' }] })).toEqual(['kept', 'kept']);
});

test('other kinds of variables', async () => {
  const loaded = await loadVariables(
    dashboardOf([
      { name: 'text', type: 'textbox', query: 'preset' },
      { name: 'fixed', type: 'constant', query: 'c' },
      { name: 'auto', type: 'interval', query: '1m,10m,1h', auto: true, auto_count: 30, auto_min: '10s', current: { text: 'auto', value: '$__auto_interval_auto' } },
      { name: 'step', type: 'interval', query: '1m,10m,1h', current: { text: '10m', value: '10m' } },
      { name: 'ds', type: 'datasource', query: 'prometheus', regex: '/prod/', current: { text: 'Prod', value: 'P1809F7CD0C75ACF3' } },
      { name: 'old', type: 'snapshot', current: { text: 'x', value: 'x' } },
      { name: 'filter', type: 'adhoc', datasource: { type: 'prometheus', uid: '$ds' }, filters: [{ key: 'job', operator: '=', value: 'api' }] },
      { name: 'result', query: 'query_result(up)', regex: '/job="([^"]+)"/' },
      { name: 'series', query: 'up' },
    ]),
    {},
    span,
    fetchers(),
  );
  // Six hours in 30 parts are 12 minutes, rounded to 10.
  expect(shown(loaded)).toEqual({ values: { text: 'preset', fixed: 'c', auto: '10m', step: '10m', ds: 'prometheus', old: 'x', filter: '', result: 'a', series: 'up{job="a"}' }, problems: {} });
  expect(loaded.state.filter!.filters).toEqual([{ key: 'job', operator: '=', value: 'api' }]);
});

test('what fails is told under its name and stops nothing else', async () => {
  const loaded = await loadVariables(
    dashboardOf([
      { name: 'a', query: 'label_values($b)' },
      { name: 'b', query: 'label_values($a)' },
      { name: 'bad', query: 'label_values(nothing)', current: { text: 'kept', value: 'kept' } },
      { name: 'flux', datasource: { type: 'influxdb', uid: 'i' }, query: 'SHOW TAG VALUES' },
      { name: 'pattern', query: 'label_values(zone)', regex: '/(/' },
      { name: 'influx', type: 'datasource', query: 'influxdb' },
      { name: 'strange', type: 'hologram' },
      { name: 'good', query: 'label_values(zone)' },
    ]),
    {},
    span,
    fetchers(),
  );
  expect(loaded.problems).toEqual({
    a: 'the variables depend on each other: $a → $b → $a',
    b: 'the variables depend on each other: $a → $b → $a',
    bad: '`label_values(nothing)` failed: no answer to values nothing null',
    flux: 'not shown: InfluxDB',
    pattern: expect.stringContaining('Invalid regular expression') as string,
    influx: 'not shown: InfluxDB',
    strange: 'variables of type `hologram` are not shown',
  });
  expect([loaded.state.bad!.value, loaded.state.good!.value]).toEqual(['kept', 'north']);
});

test('queries of variables know the range and an interval', async () => {
  const asked: string[] = [];
  const made = fetchers();
  const answering: Fetchers = {
    ...made,
    promql: {
      ...made.promql,
      query: async (expression) => {
        asked.push(expression);
        return { series: [{ metric: { zone: 'n', __name__: 'up', job: 'a' }, value: [1.5, '604800000'] }] };
      },
    },
  };
  const loaded = await loadVariables(dashboardOf([{ name: 'v', query: { qryType: 3, query: 'query_result(rate(a[$__range]) + rate(b[$__interval]) + rate(c[$__rate_interval]))', refId: 'x' } }]), {}, span, answering);
  expect(asked).toEqual(['rate(a[21600s]) + rate(b[15s]) + rate(c[1m])']);
  expect([loaded.state.v!.value, loaded.problems]).toEqual(['up{job="a",zone="n"} 604800000 1500', {}]);
});

test('a search is asked of the server, for what contains the text whatever its letters are', async () => {
  const asked: (string | null)[] = [];
  const made = fetchers();
  const answering: Fetchers = {
    ...made,
    promql: {
      ...made.promql,
      values: async (_, match) => {
        asked.push(match);
        return match?.includes('"api-.*"') ? ['api-1'] : ['api-2', 'api-10'];
      },
    },
  };
  const variable = { name: 'v', type: 'query', query: 'label_values(up{pod=~"api-$__searchFilter",job="$job"}, pod)', sort: 7, allowCustomValue: false } as Variable;
  const dashboard = dashboardOf([{ name: 'job', type: 'constant', query: 'a' }, variable]);
  // What was found by a search stays chosen, though it is not among the first options.
  const loaded = await loadVariables(dashboard, { v: ['api-77'] }, span, answering);
  expect([loaded.state.v!.value, loaded.state.v!.options!.map(({ value }) => value), loaded.problems]).toEqual(['api-77', ['api-1'], {}]);
  expect(isSearched(variable)).toBe(true);
  const found = await searchOptions(variable, '1.(a"]\\', dashboard, loaded, span, { timeZone: 'UTC' }, answering);
  expect(found.map(({ value }) => value)).toEqual(['api-2', 'api-10']);
  expect(asked).toEqual(['up{pod=~"api-.*",job="a"}', 'up{pod=~"api-.*1[.][(]a....*",job="a"}']);
});

test('variables that are ended in between are not given out', async () => {
  const abort = new AbortController();
  const hanging = { ...fetchers(), promql: { ...fetchers().promql, values: () => Promise.reject(new DOMException('ended', 'AbortError')) } };
  abort.abort();
  await expect(loadVariables(chain, {}, span, hanging, { timeZone: 'UTC', signal: abort.signal })).rejects.toThrow('ended');
});

test.each([
  [undefined, 'promql'],
  [{ type: 'prometheus', uid: 'P1809F7CD0C75ACF3' }, 'promql'],
  [{ type: 'loki', uid: '${lokids}' }, 'logql'],
  [{ uid: '${ds}' }, 'logql'],
  [{ uid: '$ds', type: 'prometheus' }, 'logql'],
  ['default', 'promql'],
  ['Prometheus', 'promql'],
  ['My Loki', 'logql'],
  [{ uid: 'tempo' }, 'traceql'],
  [{ uid: '-- Mixed --', type: 'datasource' }, 'mixed'],
  [{ uid: '-- Dashboard --', type: 'datasource' }, 'dashboard'],
  [{ uid: 'grafana', type: 'grafana' }, 'grafana'],
  ['-- Grafana --', 'grafana'],
  ['${DS_PROMETHEUS}', 'promql'],
  [{ uid: 'P-1' }, 'promql'],
  [{ type: 'influxdb', uid: 'x' }, 'not shown: InfluxDB'],
  [{ type: 'someone-new-datasource', uid: 'x' }, 'not shown: someone-new-datasource'],
  ['Elasticsearch', 'not shown: Elasticsearch'],
  [{ uid: 'abc' }, 'not shown: the data source `abc` is unknown, and the dashboard does not tell its type'],
])('the data source %o is %s', (ref, expected) => {
  const elsewhere: Panel = { id: 1, type: 'stat', gridPos: { x: 0, y: 0, w: 1, h: 1 }, datasource: { type: 'prometheus', uid: 'P-1' } };
  const source = resolveDataSource(ref, dashboardOf([], [elsewhere]), { ds: { text: 'loki', value: 'loki' } });
  expect(source.kind === 'language' ? source.language : source.kind === 'problem' ? source.problem : source.kind).toBe(expected);
});

const filter = { key: 'job', operator: '=', value: 'a"b' };
test.each<[string, 'promql' | 'logql' | 'traceql', string]>([
  ['up', 'promql', 'up{job="a\\"b"}'],
  ['up{}', 'promql', 'up{job="a\\"b"}'],
  ['sum by (x) (rate(up{a="{b}",}[5m] offset 1h)) / {"c.d", e="f"} > 3', 'promql', 'sum by (x) (rate(up{a="{b}",job="a\\"b"}[5m] offset 1h)) / {"c.d", e="f", job="a\\"b"} > 3'],
  ['histogram_quantile(0.9, sum(rate(a_bucket[5m])) by (le))', 'promql', 'histogram_quantile(0.9, sum(rate(a_bucket{job="a\\"b"}[5m])) by (le))'],
  ['sum(rate({a="b"} |= "{c}" | json [5m])) / sum(count_over_time({a=~"c"}[5m]))', 'logql', 'sum(rate({a="b", job="a\\"b"} |= "{c}" | json [5m])) / sum(count_over_time({a=~"c", job="a\\"b"}[5m]))'],
  ['{} | rate()', 'traceql', '{ .job = "a\\"b" } | rate()'],
  ['{ name = "a" || name = "b" } >> { status = error }', 'traceql', '{ ( name = "a" || name = "b" ) && .job = "a\\"b" } >> { ( status = error ) && .job = "a\\"b" }'],
])('%s of %s with a condition is %s', (query, language, expected) => {
  expect(withFilters(query, language, [filter])).toBe(expected);
});

test('a query that cannot be read is not asked without its conditions', () => {
  expect(() => withFilters('not { a query', 'promql', [filter])).toThrow('cannot be put into it');
  expect(withFilters('not { a query', 'promql', [])).toBe('not { a query');
});

test('conditions of several values and names that need quotes', () => {
  expect(withFilters('up', 'promql', [{ key: 'http.route', operator: '!=|', value: '/a', values: ['/a', 'b.c'] }, { key: 'x', operator: '<', value: '3' }])).toBe('up{"http.route"!~"/a|b\\\\.c"}');
});

const at = (id: number, x: number, y: number, w: number, h: number, more: Partial<Panel> = {}): Panel => ({ id, type: 'stat', gridPos: { x, y, w, h }, ...more });
const places = (panels: Panel[], values: VariableState, isFolded?: () => boolean) => repeatPanels(dashboardOf([], panels), values, isFolded).map(({ key, panel: { gridPos: { x, y, w, h } } }) => `${key} ${x},${y} ${w}x${h}`);
const abc: VariableState = { v: { text: ['A', 'B', 'C'], value: ['a', 'b', 'c'] }, r: { text: ['One', 'Two'], value: ['1', '2'] }, all: { text: 'All', value: '$__all', resolved: '.*', isCustomAll: true, options: [{ text: 'All', value: '$__all' }, { text: 'X', value: 'x' }, { text: 'Y', value: 'y' }] } };

test('panels side by side, in lines and below each other push down what follows', () => {
  expect(places([at(1, 0, 0, 12, 4, { repeat: 'v', repeatDirection: 'h' }), at(2, 0, 4, 24, 2)], abc)).toEqual(['1:v=a 0,0 8x4', '1:v=b 8,0 8x4', '1:v=c 16,0 8x4', '2 0,4 24x2']);
  expect(places([at(1, 0, 0, 12, 4, { repeat: 'v', repeatDirection: 'h', maxPerRow: 2 }), at(2, 0, 4, 24, 2)], abc)).toEqual(['1:v=a 0,0 12x4', '1:v=b 12,0 12x4', '1:v=c 0,4 12x4', '2 0,8 24x2']);
  const five = { v: { text: ['1', '2', '3', '4', '5'], value: ['1', '2', '3', '4', '5'] } };
  expect(places([at(1, 0, 0, 12, 4, { repeat: 'v', maxPerRow: 5 })], five)).toEqual(['1:v=1 0,0 4x4', '1:v=2 4,0 5x4', '1:v=3 9,0 5x4', '1:v=4 14,0 5x4', '1:v=5 19,0 5x4']);
  expect(places([at(1, 6, 0, 6, 4, { repeat: 'v', repeatDirection: 'v' }), at(2, 0, 4, 24, 2)], abc)).toEqual(['1:v=a 6,0 6x4', '1:v=b 6,4 6x4', '1:v=c 6,8 6x4', '2 0,12 24x2']);
  expect(places([at(1, 6, 0, 6, 4, { repeat: 'nothing' })], abc)).toEqual(['1 6,0 6x4']);
  expect(places([at(1, 0, 0, 6, 4, { repeat: 'all' })], abc)).toEqual(['1:all=x 0,0 12x4', '1:all=y 12,0 12x4']);
});

test('rows are repeated with their panels, whether these stand in them or behind them', () => {
  const open = [at(9, 0, 0, 24, 1, { type: 'row', repeat: 'r' }), at(1, 0, 1, 12, 4), at(2, 12, 1, 12, 4, { repeat: 'r' }), at(8, 0, 5, 24, 1, { type: 'row', collapsed: true, panels: [at(3, 0, 6, 24, 3)] })];
  expect(places(open, abc)).toEqual(['9:r=1 0,0 24x1', '1:r=1 0,1 12x4', '2:r=1:r=1 0,1 24x4', '9:r=2 0,5 24x1', '1:r=2 0,6 12x4', '2:r=2:r=2 0,6 24x4', '8 0,10 24x1']);
  expect(places(open, abc, () => true)).toEqual(['9:r=1 0,0 24x1', '9:r=2 0,1 24x1', '8 0,2 24x1']);
  const made = sections(dashboardOf([], open), abc);
  expect(made.map(({ key, height, isCollapsed }) => [key, height, isCollapsed])).toEqual([['9:r=1', 4, false], ['9:r=2', 4, false], ['8', 3, true]]);
  expect(made[1]!.panels[0]!.scoped).toEqual({ r: { text: 'Two', value: '2' } });
});
