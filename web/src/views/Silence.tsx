import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import type { Silence as SilenceData } from '../api/alertmanager';
import { expireSilence, matchingAlerts, silence } from '../api/alertmanager';
import { exactTime } from '../format/time';
import { Answered, Failure } from '../parts/Answer';
import { Labels } from '../parts/Labels';
import { PageHead } from '../parts/PageHead';
import { State } from '../parts/State';
import { Ago } from '../parts/Time';
import { useParam } from '../url/params';
import { fromApi, MatcherTags } from './MatcherTags';
import { SilenceFields } from './SilenceForm';

export default function Silence() {
  const { id = '' } = useParams();
  const query = useQuery(silence(id));
  const [edit] = useParam('edit');
  return <Answered query={query}>{(data) => (edit === '1' ? <Edit data={data} /> : <Shown data={data} />)}</Answered>;
}

function Edit({ data }: { data: SilenceData }) {
  return (
    <>
      <PageHead title={data.status.state === 'expired' ? 'Make the silence again' : 'Edit silence'} />
      <SilenceFields matchers={[]} comment="" seconds={(new Date(data.endsAt).getTime() - new Date(data.startsAt).getTime()) / 1000} edited={data} />
    </>
  );
}

function Shown({ data }: { data: SilenceData }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { state } = data.status;
  const affected = useQuery({ ...matchingAlerts(data.matchers.map(fromApi)), enabled: state === 'active' });
  const expire = useMutation({
    mutationFn: () => expireSilence(data.id),
    onSuccess: async () => {
      setAsking(false);
      await Promise.all(['silences', 'alerts'].map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
  });
  const moment = (text: string) => (
    <>
      <span className="num">{exactTime(new Date(text))}</span>{' '}
      <span className="dim">
        (<Ago at={text} />)
      </span>
    </>
  );
  return (
    <>
      <PageHead title="Silence" beside={<State state={state} look={state === 'pending' ? ['clock', 'dim'] : undefined} />}>
        <Button variant="default" component={Link} href={`/silences/${data.id}?edit=1`}>
          {state === 'expired' ? 'Make again' : 'Edit'}
        </Button>
        {state !== 'expired' && (
          <Button variant="default" onClick={() => setAsking(true)}>
            Expire
          </Button>
        )}
      </PageHead>
      <div className="stack">
        <section className="panel" aria-label="Silence">
          <div className="body">
            <dl className="facts">
              <dt>Matchers</dt>
              <dd>
                <MatcherTags matchers={data.matchers} />
              </dd>
              <dt>Why</dt>
              <dd>{data.comment}</dd>
              <dt>By</dt>
              <dd>{data.createdBy}</dd>
              <dt>From</dt>
              <dd>{moment(data.startsAt)}</dd>
              <dt>Until</dt>
              <dd>{moment(data.endsAt)}</dd>
              <dt>Changed</dt>
              <dd>{moment(data.updatedAt)}</dd>
              <dt>Id</dt>
              <dd className="mono">{data.id}</dd>
            </dl>
          </div>
        </section>
        {state === 'active' && (
          <section className="panel" aria-labelledby="affected">
            <header>
              <h2 id="affected">Alerts kept quiet now</h2>
              <span className="grow" />
              {affected.data && <span className="num">{affected.data.length}</span>}
            </header>
            {affected.error && <Failure error={affected.error} />}
            {affected.data?.length === 0 && <div className="body dim">None of the present alerts match.</div>}
            {affected.data?.map((alert) => (
              <div key={alert.fingerprint} className="incident-line row wrap">
                <strong>{alert.labels.alertname}</strong>
                <Labels labels={alert.labels} without={['alertname']} />
                <span className="dim">
                  <Ago at={alert.startsAt} />
                </span>
              </div>
            ))}
          </section>
        )}
      </div>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Expire this silence?" closeButtonProps={{ 'aria-label': 'Close' }}>
        <div className="stack">
          <div>Alerts that it keeps quiet will notify and page again.</div>
          {expire.error && <Failure error={expire.error} />}
          <div className="row">
            <Button onClick={() => expire.mutate()} loading={expire.isPending} data-autofocus>
              Expire
            </Button>
            <Button variant="default" onClick={() => setAsking(false)}>
              Keep it
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}
