import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Rule, RuleAlert, RuleGroup } from '../api/prometheus';
import { rules } from '../api/prometheus';
import { quantity, sampleValue } from '../format/quantity';
import { formatDuration } from '../format/duration';
import { Answered, Empty } from '../parts/Answer';
import { Expression } from '../parts/Expression';
import { ChoiceFilter, contains, TextFilter } from '../parts/Filter';
import { Icon } from '../parts/Icon';
import { Labels } from '../parts/Labels';
import { LogsButton } from '../parts/LogsButton';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { Severity, State } from '../parts/State';
import { Tabs } from '../parts/Tabs';
import { Ago } from '../parts/Time';
import { useParam } from '../url/params';
import { silenceLink } from '../url/silence-link';
import { Notifications } from './Notifications';

export default function Alerts() {
  const [tab] = useParam('tab', 'alerts');
  return (
    <>
      <PageHead title="Alerts" />
      <Tabs
        label="Alerts"
        here={tab}
        tabs={[
          { value: 'alerts', label: 'From rules', href: '/alerts' },
          { value: 'notifications', label: 'Notifications', href: '/alerts?tab=notifications' },
        ]}
      />
      {tab === 'notifications' ? <Notifications /> : <FromRules />}
    </>
  );
}

interface AlertRule {
  rule: Rule;
  group: RuleGroup;
}

const rank = { firing: 0, pending: 1, unknown: 2, inactive: 3 } as const;

function FromRules() {
  const query = useQuery(rules);
  const [text] = useParam('q');
  const [state] = useParam('state');
  const wanted = state === '' ? [] : state.split(',');
  return (
    <Answered query={query} lines={6}>
      {({ groups }) => {
        const all: AlertRule[] = groups.flatMap((group) => group.rules.filter((rule) => rule.type === 'alerting').map((rule) => ({ rule, group })));
        const count = (of: string) => all.filter(({ rule }) => rule.state === of).length;
        const shown = all
          .filter(({ rule }) => wanted.length === 0 || wanted.includes(rule.state ?? 'unknown'))
          .filter(({ rule, group }) => text === '' || contains(JSON.stringify([rule.name, rule.labels, rule.query, group.name, (rule.alerts ?? []).map((alert) => alert.labels)]), text))
          .sort((a, b) => rank[a.rule.state ?? 'unknown'] - rank[b.rule.state ?? 'unknown']);
        return (
          <div className="stack">
            <div className="row wrap">
              <ChoiceFilter
                name="state"
                label="State"
                choices={(['firing', 'pending', 'inactive'] as const).map((value) => ({ value, label: value, count: count(value) }))}
              />
              <TextFilter label="Filter alerts" placeholder="Name, label, expression" />
            </div>
            {all.length === 0 ? (
              <section className="panel">
                <Empty title="There are no alerting rules">
                  <p>
                    Name files with rules in <code>rule_files</code> of your Prometheus configuration, or under <code>rules:</code> in phoenix.yaml.
                  </p>
                </Empty>
              </section>
            ) : shown.length === 0 ? (
              <section className="panel">
                <Empty title="No alert matches the filter">
                  <p>
                    <Link href="/alerts">Show all {all.length}</Link>
                  </p>
                </Empty>
              </section>
            ) : (
              shown.map(({ rule, group }) => <OneRule key={`${group.file} ${group.name} ${rule.name} ${rule.query}`} rule={rule} group={group} />)
            )}
          </div>
        );
      }}
    </Answered>
  );
}

function OneRule({ rule, group }: AlertRule) {
  const alerts = rule.alerts ?? [];
  const active = alerts.length > 0;
  const tone = rule.state === 'firing' ? 'bad' : rule.state === 'pending' ? 'warn' : '';
  return (
    <details className={`panel ${tone}`} open={active}>
      <summary>
        <span className="turn">
          <Icon name="right" size={12} />
        </span>
        <State state={rule.state ?? 'unknown'} />
        <h2>{rule.name}</h2>
        {rule.labels?.severity && <Severity severity={rule.labels.severity} />}
        {rule.health === 'err' && <State state="err" label="evaluation fails" />}
        <span className="grow" />
        {active && (
          <span className="dim num">
            {alerts.length} {alerts.length === 1 ? 'alert' : 'alerts'}
          </span>
        )}
        <span className="dim wide-only">{group.name}</span>
      </summary>
      <div className="body stack tight">
        <Expression text={rule.query} language={rule.language} />
        <div className="row wrap dim">
          {rule.duration ? <span>must hold for {formatDuration(rule.duration)}</span> : <span>fires at once</span>}
          {rule.keepFiringFor ? <span>· keeps firing for {formatDuration(rule.keepFiringFor)}</span> : null}
          <span>
            · evaluated <Ago at={rule.lastEvaluation} /> in the group <Link href={`/rules?q=${encodeURIComponent(group.name)}`}>{group.name}</Link>
          </span>
        </div>
        {rule.lastError && (
          <div className="note bad">
            <Icon name="cross" />
            <span>{rule.lastError}</span>
          </div>
        )}
        {rule.annotations?.runbook_url && (
          <a href={rule.annotations.runbook_url} target="_blank" rel="noreferrer" className="row">
            <Icon name="book" size={13} />
            Runbook
          </a>
        )}
        {!active && rule.annotations?.summary && <div className="dim">{rule.annotations.summary}</div>}
      </div>
      {active && (
        <Scroll label="Alerts of the rule" ruled>
          <table className="grid cards">
            <thead>
              <tr>
                <th className="fit">State</th>
                <th>Labels</th>
                <th className="fit">Since</th>
                <th className="num fit">Value</th>
                <th className="fit">
                  <span className="hidden-text">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {alerts.map((alert) => (
                <AlertRow key={JSON.stringify(alert.labels)} alert={alert} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </details>
  );
}

function AlertRow({ alert }: { alert: RuleAlert }) {
  return (
    <tr>
      <td>
        <State state={alert.state} />
        {alert.keepFiringSince && <div className="dim">kept firing</div>}
      </td>
      <td className="main">
        <div className="stack tight">
          {(alert.annotations.summary ?? alert.annotations.description) && <span>{alert.annotations.summary ?? alert.annotations.description}</span>}
          <Labels labels={alert.labels} without={['alertname']} />
        </div>
      </td>
      <td data-label="since">
        <Ago at={alert.activeAt} />
      </td>
      <td className="num" data-label="value">
        <span title={alert.value}>{quantity(sampleValue(alert.value))}</span>
      </td>
      <td>
        <Button component={Link} href={silenceLink(alert.labels)} variant="default" size="compact-xs" leftSection={<Icon name="silence" size={12} />}>
          Silence this
        </Button>{' '}
        <LogsButton labels={alert.labels} range={1_800} end={null} size="compact-xs" of={`${alert.labels.alertname ?? 'the alert'} ${alert.labels.instance ?? ''}`.trim()} />
      </td>
    </tr>
  );
}
