import type { Case } from '../case';
import { panel, series, span, table, wave } from '../case';

const cpu = series('cpu', wave(60, { base: 42, reach: 25, seed: 3 }));
const steady = series('errors', [3, 2, 4, 0, 1, 5, 7, 8]);
const hosts = ['web-1', 'web-2', 'web-3', 'db-1', 'db-2', 'cache-1', 'queue-1'].map((name, index) => series(name, wave(60, { base: 20 + index * 11, reach: 10, seed: index + 1 })));
const thresholds = { mode: 'absolute' as const, steps: [{ value: null, color: 'green' }, { value: 50, color: 'orange' }, { value: 80, color: 'red' }] };
const percent = { unit: 'percent', decimals: 1, thresholds, min: 0, max: 100 };
const rows = table({ pod: ['api-7f', 'worker-1', 'cron'], cpu: [0.25, 1.5, 0.02], memory: [734003200, 1610612736, 52428800] });

const stat = (name: string, more: Partial<Case> & { options?: Record<string, unknown>; defaults?: Parameters<typeof panel>[1] }): Case => ({
  name: `stat: ${name}`,
  panel: panel('stat', { ...more.defaults, options: { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, ...more.options } as never }),
  frames: more.frames ?? [cpu],
  span,
  width: more.width ?? 240,
  height: more.height ?? 120,
});

const cases: Case[] = [
  stat('one value with a line', { defaults: { defaults: percent } }),
  stat('no line, no colour', { defaults: { defaults: percent }, options: { graphMode: 'none', colorMode: 'none' } }),
  stat('background', { defaults: { defaults: percent }, options: { colorMode: 'background' } }),
  stat('background solid, centred, with name', { defaults: { defaults: percent }, options: { colorMode: 'background_solid', justifyMode: 'center', textMode: 'value_and_name' } }),
  stat('change', { defaults: { defaults: percent }, options: { showPercentChange: true, graphMode: 'none' }, frames: [steady] }),
  stat('change inverted beside a name', { defaults: { defaults: percent }, options: { showPercentChange: true, percentChangeColorMode: 'inverted', textMode: 'value_and_name' }, frames: [steady] }),
  stat('name only', { defaults: { defaults: percent }, options: { textMode: 'name' } }),
  stat('no text', { defaults: { defaults: percent }, options: { textMode: 'none' } }),
  stat('two by two', { defaults: { defaults: percent }, width: 86, height: 30 }),
  stat('two by two, background, name', { defaults: { defaults: { unit: 'bytes', displayName: 'Root file system' } }, options: { colorMode: 'background', textMode: 'value_and_name' }, frames: [series('x', [73_014_444_032, 73_014_444_032])], width: 86, height: 30 }),
  stat('long duration', { defaults: { defaults: { unit: 's' } }, options: { graphMode: 'none' }, frames: [series('uptime', [1_234_567, 1_234_600])], width: 150, height: 60 }),
  stat('many', { defaults: { defaults: percent }, frames: hosts, width: 560, height: 260 }),
  stat('many, horizontal', { defaults: { defaults: percent }, options: { orientation: 'horizontal' }, frames: hosts, width: 300, height: 260 }),
  stat('many, vertical, background', { defaults: { defaults: percent }, options: { orientation: 'vertical', colorMode: 'background' }, frames: hosts, width: 560, height: 120 }),
  stat('all values of a table', { options: { reduceOptions: { values: true, calcs: [], fields: '/^cpu$/' } }, frames: [rows], width: 400, height: 140 }),
  stat('texts', { options: { reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '/^pod$/' } }, frames: [rows] }),
  stat('wide', { defaults: { defaults: { ...percent, displayName: 'CPU of all hosts' } }, options: { textMode: 'value_and_name' }, width: 400, height: 80 }),
  stat('sizes of texts', { defaults: { defaults: percent }, options: { textMode: 'value_and_name', text: { titleSize: 12, valueSize: 40 } } }),
  stat('no data', { frames: [], defaults: { defaults: { noValue: 'Nothing yet' } } }),
  stat('null with a mapping', { frames: [series('x', [null, null])], defaults: { defaults: { mappings: [{ type: 'special', options: { match: 'null', result: { text: 'N/A', color: 'purple' } } }] } } }),
  stat('null without', { frames: [series('x', [null, null])] }),
  stat('link', { defaults: { defaults: { ...percent, links: [{ title: 'Details of ${__field.name}', url: '/d/x?var-host=${__field.labels.series}&at=${__value.raw}' }] } } }),
  stat('links', { defaults: { defaults: { ...percent, links: [{ title: 'One', url: '/one' }, { title: 'Two', url: 'https://example.com/', targetBlank: true }] } } }),

  { name: 'gauge: one', panel: panel('gauge', { defaults: percent, options: { showThresholdMarkers: true } }), frames: [cpu], span, width: 260, height: 200 },
  { name: 'gauge: labels', panel: panel('gauge', { defaults: percent, options: { showThresholdLabels: true, showThresholdMarkers: true } }), frames: [cpu], span, width: 300, height: 220 },
  { name: 'gauge: no markers, from the data', panel: panel('gauge', { defaults: { unit: 'short', thresholds: { mode: 'percentage', steps: thresholds.steps } }, options: { showThresholdMarkers: false } }), frames: [steady], span, width: 260, height: 200 },
  { name: 'gauge: many', panel: panel('gauge', { defaults: percent }), frames: hosts.slice(0, 4), span },
  { name: 'gauge: small', panel: panel('gauge', { defaults: percent }), frames: [cpu], span, width: 86, height: 68 },
  { name: 'gauge: full', panel: panel('gauge', { defaults: { ...percent, displayName: 'Disk' } }), frames: [series('x', [100])], span, width: 200, height: 160 },

  { name: 'bargauge: gradient, vertical', panel: panel('bargauge', { defaults: percent, options: { displayMode: 'gradient', orientation: 'auto' } }), frames: hosts, span },
  { name: 'bargauge: lcd, horizontal', panel: panel('bargauge', { defaults: percent, options: { displayMode: 'lcd', orientation: 'horizontal', showUnfilled: true } }), frames: hosts, span },
  { name: 'bargauge: basic, horizontal, names left', panel: panel('bargauge', { defaults: percent, options: { displayMode: 'basic', orientation: 'horizontal', namePlacement: 'left' } }), frames: hosts, span, height: 160 },
  { name: 'bargauge: basic, unfilled hidden, values hidden', panel: panel('bargauge', { defaults: percent, options: { displayMode: 'basic', orientation: 'horizontal', showUnfilled: false, valueMode: 'hidden' } }), frames: hosts, span },
  { name: 'bargauge: continuous colours', panel: panel('bargauge', { defaults: { ...percent, color: { mode: 'continuous-GrYlRd' } }, options: { displayMode: 'gradient', orientation: 'horizontal', valueMode: 'text' } }), frames: hosts, span },
  { name: 'bargauge: lcd, vertical', panel: panel('bargauge', { defaults: percent, options: { displayMode: 'lcd', orientation: 'vertical' } }), frames: hosts, span, width: 400 },
  { name: 'bargauge: rows of a table', panel: panel('bargauge', { defaults: { unit: 'bytes' }, options: { orientation: 'horizontal', reduceOptions: { values: true, calcs: [], fields: '/^memory$/' } } }), frames: [rows], span, height: 140 },
  { name: 'bargauge: one', panel: panel('bargauge', { defaults: percent, options: { orientation: 'horizontal' } }), frames: [cpu], span, width: 200, height: 40 },
  { name: 'bargauge: sixty, scrolling', panel: panel('bargauge', { defaults: percent, options: { orientation: 'horizontal', displayMode: 'basic' } }), frames: Array.from({ length: 60 }, (_, index) => series(`pod-${index}`, [index * 1.5])), span },

  { name: 'piechart: pie', panel: panel('piechart', { options: { legend: { showLegend: true, displayMode: 'list', placement: 'right', values: ['value', 'percent'] } } }), frames: hosts, span },
  { name: 'piechart: donut, table', panel: panel('piechart', { defaults: { unit: 'bytes', decimals: 1 }, options: { pieType: 'donut', displayLabels: ['percent'], reduceOptions: { values: true, calcs: [], fields: '/^memory$/' }, legend: { showLegend: true, displayMode: 'table', placement: 'bottom', values: ['percent', 'value'] } } }), frames: [rows], span },
  { name: 'piechart: labels, no legend', panel: panel('piechart', { options: { displayLabels: ['name', 'value', 'percent'], legend: { showLegend: false } } }), frames: hosts.slice(0, 4), span, width: 300, height: 300 },
  { name: 'piechart: list below', panel: panel('piechart', { options: { legend: { showLegend: true, displayMode: 'list', placement: 'bottom', values: [] } } }), frames: hosts, span, width: 300 },
  { name: 'piechart: one whole', panel: panel('piechart', { options: { pieType: 'donut' } }), frames: [series('all', [5])], span, width: 260, height: 160 },
  { name: 'piechart: nothing', panel: panel('piechart', {}), frames: [], span, width: 260, height: 160 },

  {
    name: 'text: markdown',
    panel: panel('text', { options: { mode: 'markdown', content: '# Runbook\n\nCall **the person on duty**, see [the page](https://example.com) or `kubectl get pods`.\n\n- one\n- two\n  1. first\n  2. second\n\n| Service | Port |\n|---|--:|\n| api | 9090 |\n| web | 80 |\n\n> quoted\n\n```\nsum(rate(x[5m]))\n```\n![picture](https://example.com/x.png)' } }),
    frames: [],
    span,
    height: 420,
    seen: {
      text: ['Runbook', 'Call', 'the person on duty', ', see', 'the page', 'or', 'kubectl get pods', '.', 'one', 'two', 'first', 'second', 'Service', 'Port', 'api', '9090', 'web', '80', 'quoted', 'sum(rate(x[5m]))', 'picture'],
      links: [['the page', 'https://example.com'], ['picture', 'https://example.com/x.png']],
    },
  },
  { name: 'text: html', panel: panel('text', { options: { mode: 'html', content: '<div style="text-align:center;color:#e02f44;font-size:24px">Alarm <script>document.title="bad"</script><img src="x" onerror="document.title=\'bad\'"></div><a href="javascript:alert(1)">bad</a> <a href="/alerts">good</a>' } }), frames: [], span, height: 80, seen: { text: ['Alarm', 'x', 'bad', 'good'], links: [['x', 'x'], ['bad', null], ['good', '/alerts']] } },
  { name: 'text: code', panel: panel('text', { options: { mode: 'code', code: { language: 'json', showLineNumbers: true }, content: '{\n  "a": 1,\n  "b": [true, null]\n}' } }), frames: [], span, height: 100, seen: { text: ['{', '"a": 1,', '"b": [true, null]', '}'] } },
];
export default cases;
