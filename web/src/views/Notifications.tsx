import { Button, NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { AlertGroup, NotifiedAlert } from '../api/alertmanager';
import { alertGroups } from '../api/alertmanager';
import { Answered, Empty } from '../parts/Answer';
import { ChoiceFilter, contains, TextFilter } from '../parts/Filter';
import { Icon } from '../parts/Icon';
import { Labels } from '../parts/Labels';
import { Scroll } from '../parts/Scroll';
import { State } from '../parts/State';
import { Ago } from '../parts/Time';
import { parseMatchers } from '../promql/matcher';
import type { Matcher } from '../promql/matcher';
import { useParam } from '../url/params';
import { silenceLink } from '../url/silence-link';

/** Whether `matcher` matches, as Alertmanager would: a missing label is empty, a regex is anchored. */
function matches({ name, operator, value }: Matcher, labels: Record<string, string>): boolean {
  const text = labels[name] ?? '';
  if (operator === '=') return text === value;
  if (operator === '!=') return text !== value;
  try {
    const found = new RegExp(`^(?:${value})$`, 's').test(text);
    return operator === '=~' ? found : !found;
  } catch {
    return true;
  }
}

/** The alerts as they are routed: grouped by receiver, with what keeps them quiet. */
export function Notifications() {
  const query = useQuery(alertGroups);
  const [text] = useParam('q');
  const [state] = useParam('state');
  const [receiver, setReceiver] = useParam('receiver');
  const [filter, setFilter] = useParam('filter');
  const matchers = filter === '' ? [] : (parseMatchers(filter) ?? []);
  const states = state === '' ? [] : state.split(',');
  return (
    <Answered query={query} lines={6}>
      {(groups) => {
        const receivers = [...new Set(groups.map((group) => group.receiver.name))].sort();
        const all = groups.flatMap((group) => group.alerts);
        const count = (of: string) => all.filter((alert) => alert.status.state === of).length;
        const shown = groups
          .filter((group) => receiver === '' || group.receiver.name === receiver)
          .map((group) => ({
            ...group,
            alerts: group.alerts.filter(
              (alert) =>
                (states.length === 0 || states.includes(alert.status.state)) &&
                (text === '' || contains(JSON.stringify([alert.labels, alert.annotations]), text)) &&
                matchers.every((matcher) => matches(matcher, alert.labels)),
            ),
          }))
          .filter((group) => group.alerts.length > 0);
        return (
          <div className="stack">
            <div className="row wrap">
              <ChoiceFilter name="state" label="State" choices={['active', 'suppressed', 'unprocessed'].map((value) => ({ value, label: value, count: count(value) }))} />
              <NativeSelect
                aria-label="Receiver"
                value={receiver}
                onChange={(event) => setReceiver(event.currentTarget.value)}
                data={[{ value: '', label: 'Every receiver' }, ...receivers.map((name) => ({ value: name, label: name }))]}
              />
              <TextFilter label="Filter notifications" placeholder="Label or annotation" />
              {filter !== '' && (
                <Button variant="default" onClick={() => setFilter('')} rightSection={<Icon name="close" size={12} />} title="Remove this filter">
                  <code>{filter}</code>
                </Button>
              )}
            </div>
            {shown.length === 0 ? (
              <section className="panel">
                {all.length === 0 ? (
                  <Empty title="Nothing is being notified">
                    <p>Firing alerts arrive here, grouped by the receiver that the routing tree sends them to.</p>
                  </Empty>
                ) : (
                  <Empty title="No alert matches the filter">
                    <p>
                      <Link href="/alerts?tab=notifications">Show all {all.length}</Link>
                    </p>
                  </Empty>
                )}
              </section>
            ) : (
              shown.map((group) => <Group key={`${group.receiver.name} ${JSON.stringify(group.labels)}`} group={group} />)
            )}
          </div>
        );
      }}
    </Answered>
  );
}

function Group({ group }: { group: AlertGroup }) {
  return (
    <section className="panel" aria-label={`To ${group.receiver.name}`}>
      <header>
        <Icon name="send" size={14} />
        <h2>{group.receiver.name}</h2>
        {Object.keys(group.labels).length > 0 ? <Labels labels={group.labels} /> : <span className="dim">not grouped</span>}
        <span className="grow" />
        <Button component={Link} href={silenceLink(group.labels)} variant="default" size="compact-xs" leftSection={<Icon name="silence" size={12} />} disabled={Object.keys(group.labels).length === 0}>
          Silence group
        </Button>
      </header>
      <Scroll label="Alerts of the group">
        <table className="grid cards">
          <thead>
            <tr>
              <th className="fit">State</th>
              <th>Alert</th>
              <th className="fit">Since</th>
              <th className="fit">
                <span className="hidden-text">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {group.alerts.map((alert) => (
              <Row key={alert.fingerprint} alert={alert} grouped={group.labels} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Row({ alert, grouped }: { alert: NotifiedAlert; grouped: Record<string, string> }) {
  const { silencedBy, inhibitedBy, mutedBy = [] } = alert.status;
  const { alertname, ...rest } = alert.labels;
  return (
    <tr>
      <td>
        <State state={alert.status.state} look={alert.status.state === 'active' ? ['bell', 'bad'] : undefined} />
        <div className="dim">
          {silencedBy.map((id) => (
            <div key={id}>
              <Link href={`/silences/${id}`}>by a silence</Link>
            </div>
          ))}
          {inhibitedBy.length > 0 && <div>inhibited by {inhibitedBy.length === 1 ? 'an alert' : `${inhibitedBy.length} alerts`}</div>}
          {mutedBy.length > 0 && <div>muted by {mutedBy.join(', ')}</div>}
        </div>
      </td>
      <td className="main">
        <div className="stack tight">
          <div>
            <strong>{alertname}</strong> {alert.annotations.summary && <span>{alert.annotations.summary}</span>}
          </div>
          <Labels labels={rest} without={Object.keys(grouped)} />
        </div>
      </td>
      <td data-label="since">
        <Ago at={alert.startsAt} />
      </td>
      <td>
        <Button component={Link} href={silenceLink(alert.labels)} variant="default" size="compact-xs" leftSection={<Icon name="silence" size={12} />}>
          Silence this
        </Button>
      </td>
    </tr>
  );
}
