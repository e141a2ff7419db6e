import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Silence } from '../api/alertmanager';
import { silences } from '../api/alertmanager';
import { Answered, Empty } from '../parts/Answer';
import { ChoiceFilter, contains, TextFilter } from '../parts/Filter';
import { Icon } from '../parts/Icon';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { State } from '../parts/State';
import { Ago } from '../parts/Time';
import { useParam } from '../url/params';
import { MatcherTags } from './MatcherTags';

const rank = { active: 0, pending: 1, expired: 2 } as const;

export default function Silences() {
  const query = useQuery(silences);
  const [text] = useParam('q');
  const [filter] = useParam('filter');
  const [state] = useParam('state', 'active,pending');
  const wanted = state === 'all' ? [] : state.split(',');
  return (
    <>
      <PageHead title="Silences">
        <Button component={Link} href="/silences/new" leftSection={<Icon name="plus" size={13} />}>
          New silence
        </Button>
      </PageHead>
      <Answered query={query} lines={4}>
        {(all) => {
          const count = (of: string) => all.filter((silence) => silence.status.state === of).length;
          const shown = all
            .filter((silence) => wanted.length === 0 || wanted.includes(silence.status.state))
            .filter((silence) => [text, filter.replace(/[{}"]/g, '').replaceAll(',', ' ')].every((needle) => needle === '' || contains(JSON.stringify(silence) + silence.matchers.map((matcher) => `${matcher.name}=${matcher.value}`).join(' '), needle)))
            .sort((a, b) => rank[a.status.state] - rank[b.status.state] || a.endsAt.localeCompare(b.endsAt));
          return (
            <div className="stack">
              <div className="row wrap">
                <ChoiceFilter name="state" label="State" otherwise="active,pending" none="all" choices={(['active', 'pending', 'expired'] as const).map((value) => ({ value, label: value, count: count(value) }))} />
                <TextFilter label="Filter silences" placeholder="Matcher, comment, creator" />
              </div>
              <section className="panel" aria-label="Silences">
                {shown.length > 0 ? (
                  <Scroll label="Silences">
                    <table className="grid cards">
                      <thead>
                        <tr>
                          <th className="fit">State</th>
                          <th>Matchers</th>
                          <th>Comment</th>
                          <th>By</th>
                          <th>Ends</th>
                        </tr>
                      </thead>
                      <tbody>
                        {shown.map((silence) => (
                          <Row key={silence.id} silence={silence} />
                        ))}
                      </tbody>
                    </table>
                  </Scroll>
                ) : all.length === 0 ? (
                  <Empty title="There are no silences">
                    <p>
                      A silence keeps notifications and pages of matching alerts quiet for a while. Make one from an <Link href="/alerts?state=firing">alert</Link>, or <Link href="/silences/new">from nothing</Link>.
                    </p>
                  </Empty>
                ) : (
                  <Empty title="No silence in this state or matching the filter">
                    <p>
                      <Link href="/silences?state=all">Show all {all.length}</Link>
                    </p>
                  </Empty>
                )}
              </section>
            </div>
          );
        }}
      </Answered>
    </>
  );
}

function Row({ silence }: { silence: Silence }) {
  const { state } = silence.status;
  return (
    <tr>
      <td>
        <Link href={`/silences/${silence.id}`} aria-label={`Silence ${silence.id}, ${state}`}>
          <State state={state} look={state === 'pending' ? ['clock', 'dim'] : undefined} />
        </Link>
      </td>
      <td className="main">
        <Link href={`/silences/${silence.id}`} style={{ textDecoration: 'none' }}>
          <MatcherTags matchers={silence.matchers} />
        </Link>
      </td>
      <td className="main">{silence.comment}</td>
      <td data-label="by">{silence.createdBy}</td>
      <td data-label={state === 'expired' ? 'ended' : state === 'active' ? 'ends' : undefined}>
        {state === 'pending' && (
          <div>
            starts <Ago at={silence.startsAt} />
          </div>
        )}
        {state === 'pending' && 'ends '}
        <Ago at={silence.endsAt} />
      </td>
    </tr>
  );
}
