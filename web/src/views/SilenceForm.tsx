import { ActionIcon, Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import type { Silence } from '../api/alertmanager';
import { matchingAlerts, postSilence } from '../api/alertmanager';
import { parseDuration } from '../format/duration';
import { inputTime } from '../format/time';
import { Failure } from '../parts/Answer';
import { Icon } from '../parts/Icon';
import { Labels } from '../parts/Labels';
import { PageHead } from '../parts/PageHead';
import { useRemembered } from '../parts/remembered';
import { State } from '../parts/State';
import { Ago } from '../parts/Time';
import type { Matcher, MatchOperator } from '../promql/matcher';
import { parseMatchers } from '../promql/matcher';
import { fromApi, toApi } from './MatcherTags';
import './SilenceForm.css';

const presets = ['30m', '1h', '2h', '4h', '12h', '1d', '3d', '1w'];
const operators: MatchOperator[] = ['=', '!=', '=~', '!~'];
const blank: Matcher = { name: '', operator: '=', value: '' };

/** `/silences/new`, prefilled by `filter`, `comment` and `duration` of the address. */
export default function SilenceForm() {
  const [params] = useSearchParams();
  const filter = params.get('filter');
  const parsed = filter ? parseMatchers(filter) : [];
  return (
    <>
      <PageHead title="New silence" />
      {parsed === null && (
        <div className="note warn" style={{ marginBottom: '0.75rem' }}>
          <Icon name="warning" />
          <span>
            The link’s filter <code>{filter}</code> cannot be read; enter the matchers below.
          </span>
        </div>
      )}
      <SilenceFields key={filter} matchers={parsed ?? []} comment={params.get('comment') ?? ''} seconds={parseDuration(params.get('duration') ?? '') ?? 7_200} />
    </>
  );
}

interface FieldsProps {
  matchers: Matcher[];
  comment: string;
  seconds: number;
  /** The silence to change, or (when it has expired) to make again. */
  edited?: Silence;
}

export function SilenceFields({ matchers: given, comment: givenComment, seconds, edited }: FieldsProps) {
  const client = useQueryClient();
  const [, go] = useLocation();
  const [opened] = useState(() => Date.now());
  const renewed = edited?.status.state === 'expired';
  const [matchers, setMatchers] = useState<Matcher[]>(edited ? edited.matchers.map(fromApi) : given.length > 0 ? given : [blank]);
  const [starts, setStarts] = useState(inputTime(edited && !renewed ? new Date(edited.startsAt) : new Date(opened)));
  const [ends, setEnds] = useState(inputTime(edited && !renewed ? new Date(edited.endsAt) : new Date(opened + seconds * 1000)));
  const [fromNow, setFromNow] = useState(!edited || renewed);
  const [who, rememberWho] = useRemembered('who');
  const [author, setAuthor] = useState(edited?.createdBy ?? who);
  const [comment, setComment] = useState(edited?.comment ?? givenComment);
  const [tried, setTried] = useState(false);

  const wrongMatcher = (matcher: Matcher): string | null => {
    if (matcher.name.trim() === '') return 'A label is needed';
    if (matcher.operator.includes('~')) {
      try {
        new RegExp(matcher.value);
      } catch {
        return 'Not a regular expression';
      }
    }
    return null;
  };
  const complete = matchers.length > 0 && matchers.every((matcher) => wrongMatcher(matcher) === null);
  const matchesAll = complete && matchers.every((matcher) => matcher.value === '' || (matcher.operator === '=~' && /^\.\*$/.test(matcher.value)));
  const startsAt = fromNow ? new Date() : new Date(starts);
  const wrongEnd = !(new Date(ends).getTime() > (fromNow ? opened : startsAt.getTime())) ? 'Must be after the beginning' : new Date(ends).getTime() <= opened ? 'Is over already' : null;
  const valid = complete && !matchesAll && !wrongEnd && author.trim() !== '' && comment.trim() !== '';

  const save = useMutation({
    mutationFn: () =>
      postSilence({
        ...(edited && !renewed ? { id: edited.id } : {}),
        matchers: matchers.map(toApi),
        startsAt: startsAt.toISOString(),
        endsAt: new Date(ends).toISOString(),
        createdBy: author.trim(),
        comment: comment.trim(),
      }),
    onSuccess: async ({ silenceID }) => {
      if (!edited) rememberWho(author.trim());
      await client.invalidateQueries({ queryKey: ['silences'] });
      go(`/silences/${silenceID}`);
    },
  });

  const setMatcher = (index: number, next: Partial<Matcher>) => setMatchers(matchers.map((matcher, at) => (at === index ? { ...matcher, ...next } : matcher)));
  return (
    <div className="silence-columns">
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (valid) save.mutate();
        }}
      >
        <section className="panel" aria-labelledby="matchers">
          <header>
            <h2 id="matchers">Alerts whose labels match all of these</h2>
          </header>
          <div className="body stack tight">
            {matchers.map((matcher, index) => (
              <div key={index} className="matcher-row">
                <TextInput
                  aria-label={`Label of matcher ${index + 1}`}
                  placeholder="label"
                  value={matcher.name}
                  error={tried && wrongMatcher(matcher)}
                  onChange={(event) => setMatcher(index, { name: event.currentTarget.value })}
                />
                <NativeSelect aria-label={`Operator of matcher ${index + 1}`} data={operators} value={matcher.operator} onChange={(event) => setMatcher(index, { operator: event.currentTarget.value as MatchOperator })} />
                <TextInput aria-label={`Value of matcher ${index + 1}`} placeholder="value" value={matcher.value} onChange={(event) => setMatcher(index, { value: event.currentTarget.value })} />
                <ActionIcon aria-label={`Remove matcher ${index + 1}`} disabled={matchers.length === 1} onClick={() => setMatchers(matchers.filter((_, at) => at !== index))}>
                  <Icon name="close" />
                </ActionIcon>
              </div>
            ))}
            {matchesAll && <div className="tone-bad">These matchers would match every alert; name at least one value.</div>}
            <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => setMatchers([...matchers, blank])} style={{ alignSelf: 'flex-start' }}>
              Add matcher
            </Button>
          </div>
        </section>

        <section className="panel" aria-labelledby="when">
          <header>
            <h2 id="when">When</h2>
          </header>
          <div className="body stack tight">
            <div className="choices" role="group" aria-label="For how long">
              {presets.map((preset) => (
                <button
                  key={preset}
                  type="button"
                  aria-pressed={Math.round((new Date(ends).getTime() - new Date(starts).getTime()) / 1000) === parseDuration(preset)}
                  onClick={() => {
                    const from = new Date(starts).getTime();
                    setEnds(inputTime(new Date(from + parseDuration(preset)! * 1000)));
                  }}
                >
                  {preset}
                </button>
              ))}
            </div>
            <div className="row wrap top">
              <TextInput
                type="datetime-local"
                step={1}
                label="From"
                value={starts}
                description={fromNow ? 'now, at saving' : undefined}
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                onChange={(event) => {
                  setStarts(event.currentTarget.value);
                  setFromNow(false);
                }}
              />
              <TextInput type="datetime-local" step={1} label="Until" value={ends} error={wrongEnd} onChange={(event) => setEnds(event.currentTarget.value)} />
            </div>
          </div>
        </section>

        <section className="panel" aria-label="Who and why">
          <div className="body stack tight">
            <TextInput label="Your name" required value={author} error={tried && author.trim() === '' && 'Say who makes this silence'} onChange={(event) => setAuthor(event.currentTarget.value)} />
            <Textarea label="Why" required autosize minRows={2} value={comment} error={tried && comment.trim() === '' && 'Say why: whoever is on call next will read it'} onChange={(event) => setComment(event.currentTarget.value)} />
          </div>
        </section>
        {save.error && <Failure title="The silence was not saved" error={save.error} />}
        <div className="row">
          <Button type="submit" loading={save.isPending}>
            {edited && !renewed ? 'Save' : 'Create silence'}
          </Button>
          <Button variant="default" component={Link} href={edited ? `/silences/${edited.id}` : '/silences'}>
            Cancel
          </Button>
        </div>
      </form>
      <Affected matchers={complete ? matchers : null} />
    </div>
  );
}

/** The alerts that the matchers match at this moment. */
function Affected({ matchers }: { matchers: Matcher[] | null }) {
  const [asked] = useDebouncedValue(matchers, 300);
  const query = useQuery({ ...matchingAlerts(asked ?? []), enabled: asked !== null, placeholderData: (before) => before });
  return (
    <section className="panel" aria-labelledby="affected" aria-live="polite">
      <header>
        <h2 id="affected">Alerts this silences now</h2>
        <span className="grow" />
        {asked && query.data && <span className="num">{query.data.length}</span>}
      </header>
      {asked === null && <div className="body dim">Complete the matchers to see which alerts they match.</div>}
      {asked && query.error && (
        <div className="body">
          <Failure error={query.error} />
        </div>
      )}
      {asked && query.data?.length === 0 && <div className="body dim">None of the present alerts. The silence will hold for alerts that come while it lasts.</div>}
      {asked &&
        query.data?.slice(0, 50).map((alert) => (
          <div key={alert.fingerprint} className="incident-line stack tight">
            <div className="row wrap">
              <State state={alert.status.state} look={alert.status.state === 'active' ? ['bell', 'bad'] : undefined} />
              <strong>{alert.labels.alertname}</strong>
              <span className="dim">
                <Ago at={alert.startsAt} />
              </span>
            </div>
            <Labels labels={alert.labels} without={['alertname']} />
          </div>
        ))}
    </section>
  );
}
