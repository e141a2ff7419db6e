import type { IconName } from './Icon';
import { Icon } from './Icon';

export type Tone = 'bad' | 'warn' | 'good' | 'quiet' | 'accent' | 'dim';

const looks: Record<string, [IconName, Tone, string?]> = {
  firing: ['cross', 'bad'],
  pending: ['clock', 'warn'],
  inactive: ['check', 'good'],
  cancelled: ['circle', 'dim'],
  up: ['check', 'good'],
  down: ['cross', 'bad'],
  unknown: ['circle', 'dim'],
  ok: ['check', 'good'],
  err: ['warning', 'bad', 'error'],
  open: ['incident', 'bad'],
  acknowledged: ['person', 'warn'],
  resolved: ['check', 'good'],
  active: ['silence', 'quiet'],
  expired: ['circle', 'dim'],
  suppressed: ['silence', 'quiet'],
  unprocessed: ['clock', 'dim'],
  error: ['cross', 'bad'],
  warning: ['warning', 'warn'],
  info: ['info', 'dim'],
};

/** A state as a shape and a word; the colour only repeats them. */
export function State({ state, label, look }: { state: string; label?: string; look?: [IconName, Tone] }) {
  const [icon, tone, word] = look ?? looks[state] ?? ['circle', 'dim'];
  return (
    <span className={`state tone-${tone}`}>
      <Icon name={icon} size={14} />
      {label ?? word ?? state}
    </span>
  );
}

/** A severity label: `critical`, `warning`, anything else. */
export function Severity({ severity }: { severity: string }) {
  const look: [IconName, Tone] = severity === 'critical' || severity === 'page' ? ['incident', 'bad'] : severity === 'warning' ? ['warning', 'warn'] : ['info', 'dim'];
  return <State state={severity} label={severity || 'no severity'} look={look} />;
}
