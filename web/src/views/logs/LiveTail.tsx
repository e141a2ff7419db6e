import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { openTail } from '../../api/loki';
import type { Entry } from '../../logs/entries';
import { entriesOf, joined } from '../../logs/entries';
import type { LogsState } from '../../url/logs';
import { LogLines } from './LogLines';
import type { FilterBy } from './Logs';

/** Lines kept; older ones leave the page. */
const kept = 2_000;

/** Lines as they arrive, newest first. What comes while paused waits. */
export function LiveTail({ query, onFilter }: { query: string; onFilter: (filter: FilterBy) => void }) {
  const [entries, setEntries] = useState<Entry[]>([]);
  const [dropped, setDropped] = useState(0);
  const [ended, setEnded] = useState<string | null>(null);
  const [paused, setPaused] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const waiting = useRef<Entry[]>([]);
  const [waitingCount, setWaitingCount] = useState(0);
  const isPaused = useRef(paused);
  useEffect(() => {
    isPaused.current = paused;
  }, [paused]);

  useEffect(() => {
    // A flood is shown in a few steps a second, not line by line.
    let frame: number | undefined;
    const show = () => {
      frame = undefined;
      setWaitingCount(waiting.current.length);
      if (isPaused.current || waiting.current.length === 0) return;
      const fresh = waiting.current;
      waiting.current = [];
      setWaitingCount(0);
      setEntries((before) => joined(fresh, before).slice(0, kept));
    };
    const close = openTail(
      query,
      (message) => {
        waiting.current = [...entriesOf(message.streams ?? [], 'backward'), ...waiting.current].slice(0, kept);
        setDropped((count) => count + (message.dropped_entries?.length ?? 0));
        frame ??= window.setTimeout(show, 50);
      },
      (reason) => setEnded(reason ?? ''),
    );
    return () => {
      close();
      window.clearTimeout(frame);
    };
  }, [query, attempt]);

  const resume = () => {
    setPaused(false);
    setEntries((before) => joined(waiting.current, before).slice(0, kept));
    waiting.current = [];
    setWaitingCount(0);
  };
  const state: LogsState = { query, range: 3_600, end: null, order: 'backward', at: null, live: true };
  return (
    <section className="panel logs-panel" aria-label="Live tail">
      <LogLines
        entries={entries}
        state={state}
        onFilter={onFilter}
        head={
          <span className="row wrap">
            <Button variant={paused ? 'filled' : 'default'} size="compact-xs" aria-pressed={paused} onClick={() => (paused ? resume() : setPaused(true))}>
              {paused ? `Go on${waitingCount > 0 ? ` (${waitingCount} waiting)` : ''}` : 'Pause'}
            </Button>
            <span className="dim" role="status">
              {ended !== null ? `Ended: ${ended}` : entries.length === 0 ? 'Waiting for lines…' : `${entries.length.toLocaleString('en')} lines, newest first`}
            </span>
            {dropped > 0 && <span className="warn-text">{dropped.toLocaleString('en')} lines were left out: more came than could be sent</span>}
            {ended !== null && (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => {
                  setEnded(null);
                  setAttempt(attempt + 1);
                }}
              >
                Connect again
              </Button>
            )}
          </span>
        }
      />
    </section>
  );
}
