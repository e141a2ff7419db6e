import type { LintFinding } from '../api/phoenix';
import type { Rule, RuleGroup } from '../api/prometheus';

/** The findings of one rule: of its file and group, at its number among the group's rules. */
export const findingsOf = (findings: LintFinding[], group: Pick<RuleGroup, 'file' | 'name'>, number: number, rule: Pick<Rule, 'name'>) =>
  findings.filter((each) => each.file === group.file && each.group === group.name && each.rule_number === number && each.rule_name === rule.name);

/** Those that belong to none of these rules: of other files, and of parts of rule files outside of rules. */
export function findingsElsewhere(findings: LintFinding[], groups: RuleGroup[]): LintFinding[] {
  const placed = new Set(groups.flatMap((group) => group.rules.flatMap((rule, number) => findingsOf(findings, group, number, rule))));
  return findings.filter((each) => !placed.has(each));
}

/** A diff's lines with what each is. Its head, which names the file twice, is left out: the place stands beside. */
export function diffLines(diff: string): { kind: 'same' | 'gone' | 'new' | 'place'; text: string }[] {
  return diff
    .split('\n')
    .filter((line, at, all) => !(at < 2 && /^(---|\+\+\+) /.test(line)) && !(at === all.length - 1 && line === ''))
    .map((text) => ({ kind: text.startsWith('@@') ? 'place' : text.startsWith('-') ? 'gone' : text.startsWith('+') ? 'new' : 'same', text }));
}
