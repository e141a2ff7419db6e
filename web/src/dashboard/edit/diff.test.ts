import { expect, test } from 'vitest';
import type { Dashboard } from '../model';
import { changes } from './diff';
import { at, withAt } from './path';

const board: Dashboard = {
  uid: 'd',
  title: 'Requests',
  version: 3,
  tags: ['a', 'b'],
  panels: [
    { id: 1, type: 'timeseries', title: 'Rate', gridPos: { x: 0, y: 0, w: 12, h: 8 }, fieldConfig: { defaults: { unit: 'reqps' }, overrides: [] } },
    { id: 2, type: 'row', title: 'More', collapsed: true, gridPos: { x: 0, y: 8, w: 24, h: 1 }, panels: [{ id: 3, type: 'stat', title: '', gridPos: { x: 0, y: 9, w: 6, h: 4 } }] },
  ],
};

test('an unchanged dashboard has no changes, its number aside', () => expect(changes(board, { ...board, version: 4 })).toEqual([]));

test('changes are told by panel and path', () => {
  const [rate, more] = board.panels as [Dashboard['panels'][number], Dashboard['panels'][number]];
  const next: Dashboard = {
    ...board,
    title: 'Requests and errors',
    tags: ['a'],
    panels: [withAt({ ...rate, gridPos: { ...rate.gridPos, w: 24 } }, 'fieldConfig.defaults.unit', undefined), { ...more, panels: [] }, { id: 4, type: 'text', title: 'Note', gridPos: { x: 0, y: 9, w: 6, h: 4 } }],
  };
  expect(changes(board, next)).toEqual([
    { where: 'Dashboard', path: 'title', before: 'Requests', after: 'Requests and errors' },
    { where: 'Dashboard', path: 'tags.1', before: 'b', after: null },
    { where: 'Rate', path: 'gridPos.w', before: '12', after: '24' },
    { where: 'Rate', path: 'fieldConfig.defaults.unit', before: 'reqps', after: null },
    { where: 'Note', path: '', before: null, after: 'added' },
    { where: 'Panel 3', path: '', before: 'removed', after: null },
  ]);
});

test('values are set and removed by path without touching the rest', () => {
  const value = { a: { b: 1, c: [1] }, d: 2 };
  expect(withAt(value, 'a.b', 5)).toEqual({ a: { b: 5, c: [1] }, d: 2 });
  expect(withAt(value, 'a.x.y', true)).toEqual({ a: { b: 1, c: [1], x: { y: true } }, d: 2 });
  expect(withAt(value, 'd', undefined)).toEqual({ a: { b: 1, c: [1] } });
  expect(withAt(value, 'a.b', 5).a.c).toBe(value.a.c);
  expect([at(value, 'a.c.0'), at(value, 'a.q.z'), at(value, 'd.e')]).toEqual([1, undefined, undefined]);
});
