import { describe, expect, test } from 'vitest';
import type { LintFinding } from '../api/phoenix';
import { ofLinter } from '../editor/linted';
import { diffLines, findingsElsewhere, findingsOf } from './findings';

const finding = (over: Partial<LintFinding>): LintFinding => ({ severity: 'warning', message: 'm', rule: 'promql/x', why: 'w', rests_on: 'text', docs: 'docs/lint/promql/x.md', link: '/docs/lint/promql/x.md', ...over });

describe('findings and rules', () => {
  const rule = { name: 'A', query: 'up', type: 'alerting', health: 'ok', evaluationTime: 0, lastEvaluation: '' } as const;
  const groups = [
    { name: 'g', file: 'a.yaml', interval: 1, evaluationTime: 0, lastEvaluation: '', rules: [rule, rule] },
    { name: 'g', file: 'b.yaml', interval: 1, evaluationTime: 0, lastEvaluation: '', rules: [rule] },
  ];
  const second = finding({ file: 'a.yaml', group: 'g', rule_name: 'A', rule_number: 1 });
  const route = finding({ file: 'alertmanager.yaml' });
  const stale = finding({ file: 'b.yaml', group: 'g', rule_name: 'gone', rule_number: 0 });
  test('of two rules of one name each has its own', () => {
    const all = [second, route, stale];
    expect(findingsOf(all, groups[0]!, 0, rule)).toEqual([]);
    expect(findingsOf(all, groups[0]!, 1, rule)).toEqual([second]);
    expect(findingsOf(all, groups[1]!, 0, rule)).toEqual([]);
    expect(findingsElsewhere(all, groups)).toEqual([route, stale]);
  });
});

test('a diff is its lines without the head', () => {
  expect(diffLines('--- a\n+++ a\n@@ -1,2 +1,2 @@\n same\n--- old\n+++ new\n').map((line) => [line.kind, line.text])).toEqual([
    ['place', '@@ -1,2 +1,2 @@'],
    ['same', ' same'],
    ['gone', '--- old'],
    ['new', '+++ new'],
  ]);
});

describe('findings in the editor', () => {
  const at = (start: number, end: number, over: Partial<LintFinding> = {}) => finding({ start, end, help: 'h', ...over });
  test('places are bytes there and characters here', () => {
    // é has two bytes.
    expect(ofLinter('"é" + up', '"é" + up', [at(7, 9)])).toMatchObject([{ from: 6, to: 8, severity: 'warning', source: 'promql/x', message: 'm\nh' }]);
  });
  test('a change is offered for the text itself alone', () => {
    const fix = { title: 'add `_total`', edits: [{ span: { start: 2, end: 2 }, text: '_total' }] };
    expect(ofLinter('up', 'up', [at(0, 2, { fix })])[0]!.actions?.map(({ name }) => name)).toEqual(['add `_total`']);
    expect(ofLinter('up + $ab', 'up + 001', [at(0, 2, { fix })])[0]!.actions).toBeUndefined();
  });
  test('what is about a stand-in is left out', () => {
    const text = 'a{b="$x"} / c';
    const asked = 'a{b="00"} / c';
    expect(ofLinter(text, asked, [at(2, 8), at(12, 13), at(12, 13, { rests_on: 'server' })])).toHaveLength(1);
  });
});
