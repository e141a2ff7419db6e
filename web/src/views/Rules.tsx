import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { LintFinding, LintReport } from '../api/phoenix';
import { lintReport } from '../api/phoenix';
import type { Rule, RuleGroup } from '../api/prometheus';
import { rules } from '../api/prometheus';
import { formatDuration } from '../format/duration';
import { length } from '../format/time';
import { findingsElsewhere, findingsOf } from '../lint/findings';
import { LintFindings } from '../lint/LintFindings';
import { Answered, Empty } from '../parts/Answer';
import { Expression } from '../parts/Expression';
import { ChoiceFilter, contains, TextFilter } from '../parts/Filter';
import { Icon } from '../parts/Icon';
import { Labels } from '../parts/Labels';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { State } from '../parts/State';
import { Ago } from '../parts/Time';
import { useParam } from '../url/params';

export default function Rules() {
  const query = useQuery(rules);
  const { data: report } = useQuery(lintReport);
  const [text] = useParam('q');
  const [health] = useParam('health');
  const [type] = useParam('type');
  const [findings] = useParam('findings');
  const wants = (list: string, value: string) => list === '' || list.split(',').includes(value);
  return (
    <>
      <PageHead title="Rules" />
      <Answered query={query} lines={8}>
        {({ groups }) => {
          const found = report?.findings ?? [];
          const all = groups.flatMap((group) => group.rules);
          const linted = groups.map((group) => ({
            ...group,
            rules: group.rules.map((rule, number) => ({ ...rule, findings: findingsOf(found, group, number, rule) })),
          }));
          const withFindings = linted.reduce((sum, group) => sum + group.rules.filter((rule) => rule.findings.length > 0).length, 0);
          const elsewhere = findingsElsewhere(found, groups);
          const count = (test: (rule: Rule) => boolean) => all.filter(test).length;
          const shown = linted
            .map((group) => ({
              ...group,
              rules: group.rules.filter((rule) => (findings === '' || rule.findings.length > 0) && wants(health, rule.health) && wants(type, rule.type) && (text === '' || contains(JSON.stringify([rule.name, rule.query, rule.labels, group.name, group.file]), text))),
            }))
            .filter((group) => group.rules.length > 0);
          return (
            <div className="stack">
              <div className="row wrap">
                <ChoiceFilter
                  name="type"
                  label="Type"
                  choices={[
                    { value: 'alerting', label: 'alerting', count: count((rule) => rule.type === 'alerting') },
                    { value: 'recording', label: 'recording', count: count((rule) => rule.type === 'recording') },
                  ]}
                />
                <ChoiceFilter
                  name="health"
                  label="Health"
                  choices={[
                    { value: 'ok', label: 'ok', count: count((rule) => rule.health === 'ok') },
                    { value: 'err', label: 'failing', count: count((rule) => rule.health === 'err') },
                    { value: 'unknown', label: 'not yet evaluated', count: count((rule) => rule.health === 'unknown') },
                  ]}
                />
                <ChoiceFilter name="findings" label="Findings" choices={[{ value: 'yes', label: 'with findings', count: withFindings }]} />
                <TextFilter label="Filter rules" placeholder="Name, group, file, expression" />
              </div>
              {shown.map((group) => (
                <Group key={`${group.file} ${group.name}`} group={group} />
              ))}
              {report && <Elsewhere report={report} findings={elsewhere} />}
              {shown.length === 0 && (
                <section className="panel">
                  {all.length === 0 ? (
                    <Empty title="There are no rules">
                      <p>
                        Name files with rules in <code>rule_files</code> of your Prometheus configuration, or under <code>rules:</code> in phoenix.yaml.
                      </p>
                    </Empty>
                  ) : (
                    <Empty title="No rule matches the filter">
                      <p>
                        <Link href="/rules">Show all {all.length}</Link>
                      </p>
                    </Empty>
                  )}
                </section>
              )}
            </div>
          );
        }}
      </Answered>
    </>
  );
}

/** What is found outside of rules: in routes, jobs, dashboards. And what the run did not cover. */
function Elsewhere({ report, findings }: { report: LintReport; findings: LintFinding[] }) {
  const beyond = [...report.left_out, ...(report.more > 0 ? [`${report.more} more findings are not listed`] : [])];
  if (findings.length === 0 && beyond.length === 0) return null;
  return (
    <section className="panel" aria-label="Findings elsewhere">
      <header>
        <h2>Findings outside of rules</h2>
        <span className="grow" />
        {report.checked_at && (
          <span className="dim">
            {report.texts} files and dashboards{report.asked_store ? ', beside the metrics that are there' : ''} · <Ago at={report.checked_at} />
          </span>
        )}
      </header>
      <div className="body stack">
        {findings.length > 0 && <LintFindings list={findings} />}
        {beyond.length > 0 && <p className="dim">Not covered: {beyond.join('; ')}.</p>}
      </div>
    </section>
  );
}

type LintedRule = Rule & { findings: LintFinding[] };

function Group({ group }: { group: Omit<RuleGroup, 'rules'> & { rules: LintedRule[] } }) {
  return (
    <section className="panel" aria-label={group.name}>
      <header>
        <h2>{group.name}</h2>
        <code className="dim">{group.file}</code>
        <span className="grow" />
        <span className="dim num">
          every {formatDuration(group.interval)} · took {length(group.evaluationTime)} · <Ago at={group.lastEvaluation} />
        </span>
      </header>
      <Scroll label="Rules of the group">
        <table className="grid cards">
          <thead>
            <tr>
              <th className="fit">Health</th>
              <th>Rule</th>
              <th className="fit">State</th>
              <th className="num fit">Took</th>
              <th className="num fit">Evaluated</th>
            </tr>
          </thead>
          <tbody>
            {group.rules.map((rule) => (
              <RuleRow key={`${rule.name} ${rule.query}`} rule={rule} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function RuleRow({ rule }: { rule: LintedRule }) {
  return (
    <tr>
      <td>
        <State state={rule.health} label={rule.health === 'unknown' ? 'not yet' : undefined} />
      </td>
      <td className="main">
        <div className="stack tight">
          <div className="row wrap">
            {rule.type === 'alerting' ? (
              <Link href={`/alerts?q=${encodeURIComponent(rule.name)}`}>
                <strong>{rule.name}</strong>
              </Link>
            ) : (
              <strong className="mono">{rule.name}</strong>
            )}
            <span className="dim">
              {rule.type}
              {rule.duration ? `, for ${formatDuration(rule.duration)}` : ''}
              {rule.keepFiringFor ? `, keeps firing for ${formatDuration(rule.keepFiringFor)}` : ''}
            </span>
            {rule.labels && <Labels labels={rule.labels} />}
          </div>
          <Expression text={rule.query} language={rule.language} />
          {rule.lastError && <span className="tone-bad">{rule.lastError}</span>}
          {rule.findings.length > 0 && (
            <details open>
              <summary className="row">
                <span className="turn">
                  <Icon name="right" size={12} />
                </span>
                {rule.findings.length} {rule.findings.length === 1 ? 'finding' : 'findings'}
              </summary>
              <LintFindings list={rule.findings} />
            </details>
          )}
        </div>
      </td>
      <td>{rule.state ? <State state={rule.state} /> : <span className="dim">–</span>}</td>
      <td className="num nowrap" data-label="took">{length(rule.evaluationTime)}</td>
      <td className="num" data-label="evaluated">
        <Ago at={rule.lastEvaluation} />
      </td>
    </tr>
  );
}
