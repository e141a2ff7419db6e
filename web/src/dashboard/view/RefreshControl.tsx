import { ActionIcon, NativeSelect } from '@mantine/core';
import { Icon } from '../../parts/Icon';
import { clockTime } from '../../format/time';

interface Props {
  /** Such as `30s`; empty is off. */
  interval: string;
  choices: readonly string[];
  busy: boolean;
  /** When the last answer came, in milliseconds since 1970. */
  at: number | null;
  /** Why the last attempt failed. */
  error: string | null;
  onRefresh: () => void;
  onInterval: (interval: string) => void;
}

/** Asks again, once or at an interval. */
export function RefreshControl({ interval, choices, busy, at, error, onRefresh, onInterval }: Props) {
  const told = error ? `The last refresh failed: ${error}` : at === null ? 'Refresh (d r)' : `Refresh (d r); last at ${clockTime(new Date(at))}`;
  const offered = interval === '' || choices.includes(interval) ? choices : [interval, ...choices];
  return (
    <div className="row dash-refresh" role="group" aria-label="Refresh">
      <ActionIcon variant="default" size={30} onClick={onRefresh} aria-label="Refresh now" title={told} className={error ? 'failed' : undefined}>
        <span className={busy ? 'spin' : undefined}>
          <Icon name={error ? 'warning' : 'again'} />
        </span>
      </ActionIcon>
      <NativeSelect aria-label="Refresh every" value={interval} onChange={(event) => onInterval(event.currentTarget.value)} data={[{ value: '', label: 'Off' }, ...offered.map((value) => ({ value, label: value }))]} />
      {error && (
        <span className="hidden-text" role="status">
          {told}
        </span>
      )}
    </div>
  );
}
