import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { queryLogs } from '../../api/loki';
import type { Entry } from '../../logs/entries';
import { entriesOf } from '../../logs/entries';
import { levelColor } from '../../logs/levels';
import { Failure, Loading } from '../../parts/Answer';
import { lineTime } from './LogLines';

/** Lines that are fetched on each side at a time. */
const few = 10;
/** How far to look for them. */
const reach = 6n * 3_600_000_000_000n;

/** The lines of the same stream before and after one. */
export function LogContext({ entry, selector }: { entry: Entry; selector: string }) {
  const [before, setBefore] = useState(few);
  const [after, setAfter] = useState(few);
  const answer = useQuery({
    queryKey: ['logs', 'context', entry.key, selector, before, after],
    queryFn: async ({ signal }) => {
      const [older, newer] = await Promise.all([
        queryLogs(selector, { start: entry.time - reach, end: entry.time, limit: before, direction: 'backward' }, signal),
        queryLogs(selector, { start: entry.time, end: entry.time + reach, limit: after + 1, direction: 'forward' }, signal),
      ]);
      const list = (data: typeof older.data, order: 'backward' | 'forward') => (data.resultType === 'streams' ? entriesOf(data.result, order) : []);
      return [...list(older.data, 'backward').reverse(), ...list(newer.data, 'forward')];
    },
    staleTime: Infinity,
    placeholderData: (known) => known,
  });
  if (answer.error) return <Failure error={answer.error} />;
  if (!answer.data) return <Loading lines={4} />;
  return (
    <div className="log-context" role="group" aria-label="Lines around it">
      <Button variant="subtle" color="gray" size="compact-xs" onClick={() => setBefore(before * 3)}>
        Earlier
      </Button>
      <ol>
        {answer.data.map((each) => (
          <li key={each.key} aria-current={each.time === entry.time && each.line === entry.line ? 'true' : undefined}>
            <span className="level-bar" style={{ background: levelColor(each.level) }} />
            <span className="num dim nowrap">{lineTime(each.time)}</span>
            <span className="mono">{each.line}</span>
          </li>
        ))}
      </ol>
      <Button variant="subtle" color="gray" size="compact-xs" onClick={() => setAfter(after * 3)}>
        Later
      </Button>
    </div>
  );
}
