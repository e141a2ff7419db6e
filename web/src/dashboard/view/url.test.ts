import { expect, test } from 'vitest';
import type { DashboardUrl } from './url';
import { changeDashboardUrl, changeSwitches, readDashboardUrl, readSwitches } from './url';

const none: DashboardUrl = { from: null, to: null, timezone: null, refresh: null, viewPanel: null, editPanel: null, inspect: null, inspectTab: null, kiosk: false, report: false };

test.each<[string, Partial<DashboardUrl>]>([
  ['', {}],
  ['from=now-6h&to=now&timezone=utc&refresh=30s', { from: 'now-6h', to: 'now', timezone: 'utc', refresh: '30s' }],
  ['from=1763842500000&to=1763846100000', { from: '1763842500000', to: '1763846100000' }],
  ['time=1500000000000&time.window=10000', { from: '1499999995000', to: '1500000005000' }],
  ['time=1500000000000&time.window=10000&from=now-1h', { from: 'now-1h' }],
  ['time=now&time.window=10000', {}],
  ['refresh=', { refresh: '' }],
  ['viewPanel=4', { viewPanel: '4' }],
  ['viewPanel=panel-4', { viewPanel: '4' }],
  ['kiosk', { kiosk: true }],
  ['kiosk=tv', { kiosk: true }],
  ['report=1', { report: true }],
  ['kiosk=false', { kiosk: false }],
  ['inspect=7&inspectTab=query', { inspect: '7', inspectTab: 'query' }],
])('%s', (text, expected) => expect(readDashboardUrl(new URLSearchParams(text))).toEqual({ ...none, ...expected }));

test.each<[string, Partial<DashboardUrl>, string]>([
  ['var-job=a&var-job=b&from=now-1h', { from: 'now-6h', to: 'now' }, 'var-job=a&var-job=b&from=now-6h&to=now'],
  ['viewPanel=4&orgId=1', { viewPanel: null }, 'orgId=1'],
  ['refresh=5s', { refresh: '' }, 'refresh='],
  ['', { kiosk: true }, 'kiosk=true'],
  ['kiosk=tv', { kiosk: false }, ''],
])('%s changed', (before, change, after) => expect(changeDashboardUrl(new URLSearchParams(before), change).toString()).toBe(after));

test('rows that are folded and annotations that are marked', () => {
  const before = new URLSearchParams('fold-row-3=true&fold-4=no&mark-Deploys %26 more=false&fold-=true&from=now-1h');
  expect([readSwitches(before, 'fold-'), readSwitches(before, 'mark-')]).toEqual([{ 'row-3': true }, { 'Deploys & more': false }]);
  const after = changeSwitches(changeSwitches(before, 'fold-', { 'row-3': null, 5: false }), 'mark-', { Incidents: true });
  expect([readSwitches(after, 'fold-'), readSwitches(after, 'mark-'), after.get('from')]).toEqual([{ 5: false }, { 'Deploys & more': false, Incidents: true }, 'now-1h']);
});
