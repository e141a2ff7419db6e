import { exactTime, isNever, length, relativeTime } from '../format/time';
import { useNow } from './clock';

/** How long ago (or ahead) a moment is; the exact time shows on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (isNever(at)) return <span className="dim">never</span>;
  const date = new Date(at!);
  return (
    <time dateTime={at!} title={exactTime(date)} className="num nowrap">
      {relativeTime(date, now)}
    </time>
  );
}

/** The time that is left until a moment, to the second. */
export function Countdown({ to }: { to: string }) {
  const now = useNow();
  const seconds = Math.max(0, Math.round((new Date(to).getTime() - now.getTime()) / 1000));
  return (
    <time dateTime={to} title={exactTime(new Date(to))} className="num nowrap">
      {seconds === 0 ? 'any moment now' : `in ${length(seconds)}`}
    </time>
  );
}

/** The time since a moment, to the second. */
export function Elapsed({ since, until }: { since: string; until?: string | null }) {
  const now = useNow();
  const end = until ? new Date(until) : now;
  return (
    <span title={exactTime(new Date(since))} className="num nowrap">
      {length(Math.max(0, Math.round((end.getTime() - new Date(since).getTime()) / 1000)))}
    </span>
  );
}
