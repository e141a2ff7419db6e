import type { FieldConfig, Override } from '../../src/dashboard/model';
import type { Case } from '../case';
import { panel, series, span, start, table } from '../case';

/** Values with their unit, and what is to be read. */
const units: [unit: string, value: number, text: string][] = [
  ['none', 1234.56, '1235'],
  ['short', 1_234_567, '1.23 Mil'],
  ['short', -2_500, '-2.50 K'],
  ['percent', 12.34, '12.3%'],
  ['percentunit', 0.1234, '12.3%'],
  ['bytes', 1_536, '1.50 KiB'],
  ['decbytes', 1_500, '1.50 kB'],
  ['kbytes', 2_048, '2 MiB'],
  ['Bps', 2_500, '2.50 kB/s'],
  ['binBps', 2_048, '2 KiB/s'],
  ['bps', 3_000_000, '3 Mb/s'],
  ['reqps', 1_500, '1.50K req/s'],
  ['s', 90, '1.50 mins'],
  ['s', 0.0005, '500 µs'],
  ['ms', 0.5, '0.500 ms'],
  ['ms', 7_200_000, '2 hours'],
  ['ns', 2_000_000_000, '2 s'],
  ['dthms', 3_725, '01:02:05'],
  ['currencyUSD', 1_234, '$1.23K'],
  ['currencyEUR', 5, '€5'],
  ['celsius', 21.5, '21.5 °C'],
  ['hertz', 1_500, '1.50 kHz'],
  ['bool', 1, 'True'],
  ['bool_on_off', 0, 'Off'],
  ['hex', 255, 'FF'],
  ['sci', 12_345, '1.2345e+4'],
  ['locale', 1_234_567, '1,234,567'],
  ['dateTimeAsIso', start, '2026-03-10 12:00:00'],
  ['time:YYYY/MM/DD', start, '2026/03/10'],
  ['suffix: apples', 3, '3 apples'],
  ['prefix:~', 3, '~3'],
  ['si:V', 1_500, '1.50 kV'],
];
const decimals: [unit: string, decimals: number, value: number, text: string][] = [
  ['none', 0, 1.6, '2'],
  ['none', 3, 1.6, '1.600'],
  ['percent', 3, 12.34, '12.340%'],
  ['bytes', 1, 1_536, '1.5 KiB'],
  ['short', 0, 1_234_567, '1 Mil'],
  ['s', 1, 90, '1.5 mins'],
];

const columns = (values: number[]) => [table(Object.fromEntries(values.map((value, at) => [`c${at}`, [value]])))];
const each = (configs: FieldConfig[]): Override[] =>
  configs.map((config, at) => ({ matcher: { id: 'byName', options: `c${at}` }, properties: Object.entries(config).map(([id, value]) => ({ id, value: value as never })) }));
const plain = { graphMode: 'none', reduceOptions: { calcs: ['lastNotNull'] } };

export default [
  { name: 'units: of single values', panel: panel('stat', { options: plain, overrides: each(units.map(([unit]) => ({ unit }))) }), frames: columns(units.map(([, value]) => value)), span, width: 1100, height: 300, seen: { values: units.map(([, , text]) => text) } },
  { name: 'units: of cells', panel: panel('table', { overrides: each(units.map(([unit]) => ({ unit }))) }), frames: columns(units.map(([, value]) => value)), span, width: 3600, height: 80, seen: { table: [units.map((_, at) => `c${at}`), units.map(([, , text]) => text)] } },
  { name: 'units: decimals', panel: panel('stat', { options: plain, overrides: each(decimals.map(([unit, count]) => ({ unit, decimals: count }))) }), frames: columns(decimals.map(([, , value]) => value)), span, seen: { values: decimals.map(([, , , text]) => text) } },
  { name: 'units: no value', panel: panel('stat', { options: plain, defaults: { unit: 's', noValue: 'never' } }), frames: [series('seen', [90]), series('not seen', [null, null])], span, seen: { values: ['1.50 mins', 'never'], names: ['seen', 'not seen'] } },
  { name: 'units: no series', panel: panel('timeseries', { defaults: { noValue: 'nothing was measured' } }), frames: [], span, height: 100, seen: { text: ['nothing was measured'] } },
] satisfies Case[];
