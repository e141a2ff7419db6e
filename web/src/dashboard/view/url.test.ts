import { expect, test } from 'vitest';
import type { DashboardUrl } from './url';
import { changeDashboardUrl, readDashboardUrl } from './url';

const none: DashboardUrl = { from: null, to: null, timezone: null, refresh: null, viewPanel: null, editPanel: null, inspect: null, inspectTab: null, kiosk: false, report: false };

test.each<[string, Partial<DashboardUrl>]>([
  ['', {}],
  ['from=now-6h&to=now&timezone=utc&refresh=30s', { from: 'now-6h', to: 'now', timezone: 'utc', refresh: '30s' }],
  ['from=1763842500000&to=1763846100000', { from: '1763842500000', to: '1763846100000' }],
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
