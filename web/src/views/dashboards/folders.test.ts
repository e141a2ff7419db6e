import { expect, test } from 'vitest';
import type { DashboardSummary, Folder } from '../../api/dashboards';
import { byFolder, folderTitle } from './folders';

const summary = (uid: string, folder: string | null): DashboardSummary => ({ uid, title: uid, tags: [], folder: folder ? { uid: folder, title: folder } : null, source: 'state', version: 1, updated: '', problems: 0 });
const folders: Folder[] = [
  { uid: 'pay', title: 'Payments', parent_uid: 'a' },
  { uid: 'a', title: 'Team A' },
  { uid: 'x', title: 'X', parent_uid: 'y' },
  { uid: 'y', title: 'Y', parent_uid: 'x' },
];

test.each([
  ['a', 'Team A'],
  ['pay', 'Team A / Payments'],
  ['x', 'Y / X'],
  ['gone', ''],
])('the name of folder %s', (uid, title) => expect(folderTitle(uid, folders)).toBe(title));

test('dashboards stand by folder and name, those in none last', () => {
  const groups = byFolder([summary('node 10', 'a'), summary('node 2', 'a'), summary('loose', null), summary('lost', 'gone')], folders, false);
  expect(groups.map(({ title, dashboards }) => [title, dashboards.map(({ uid }) => uid)])).toEqual([
    ['gone', ['lost']],
    ['Team A', ['node 2', 'node 10']],
    ['No folder', ['loose']],
  ]);
});

test('empty folders stand when asked for', () => expect(byFolder([], folders, true).map(({ title }) => title)).toEqual(['Team A', 'Team A / Payments', 'X / Y', 'Y / X']));
