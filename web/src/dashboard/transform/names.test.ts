import { expect, test } from 'vitest';
import { displayText, formatValue } from '../display';
import { run, table } from './table';

const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'];

test.each(names)('%s is no unit, operator or way to leave cells empty', (name) => {
  expect(displayText(formatValue(1, `${name}:x`))).toBe(`1 ${name}:x`);
  for (const mode of ['binary', 'unary']) {
    const { tables, problems } = run('calculateField', { mode, [mode]: { left: 'a', operator: name, right: 'a', fieldName: 'a' } }, [table({ a: [1] })]);
    expect([tables, problems]).toEqual([[[['a', [1]]]], [`transformation 1 (calculateField): the operator "${name}" is not known`]]);
  }
  const { tables } = run('groupingToMatrix', { columnField: 'c', rowField: 'r', valueField: 'v', emptyValue: name }, [table({ c: ['x', 'y'], r: ['1', '2'], v: [5, 6] })]);
  expect(tables[0]!.slice(1)).toEqual([['x', [5, null]], ['y', [null, 6]]]);
});
