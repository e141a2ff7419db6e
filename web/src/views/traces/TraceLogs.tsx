import { Button } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { errorText } from '../../api/request';
import { Icon } from '../../parts/Icon';
import { traceLogs } from '../../traces/span-logs';
import { logsLink } from '../../url/logs';

interface Props {
  /** Whose logs to look in, the most telling first. */
  services: string[];
  traceId: string;
  /** Nanoseconds: since 1970, and how long. */
  begin: bigint;
  duration: number;
  label: string;
  size?: 'compact-xs' | 'xs';
}

/** Services that are tried before giving up. */
const mostTried = 5;
/** Seconds before and after that are looked at, since clocks differ and lines come late. */
const around = 60;

/** Leads to the log lines of a trace; where lines do not tell the trace, to those of the service at that time. */
export function TraceLogs({ services, traceId, begin, duration, label, size = 'xs' }: Props) {
  const [, navigate] = useLocation();
  const [state, setState] = useState<'idle' | 'looking' | { told: string }>('idle');
  const look = async () => {
    setState('looking');
    const second = 1_000_000_000n;
    const start = begin / second - BigInt(around);
    const end = (begin + BigInt(Math.ceil(duration))) / second + BigInt(around);
    try {
      let fallback: string | null = null;
      for (const service of services.slice(0, mostTried)) {
        const found = await traceLogs(service, traceId, start * second, end * second);
        if (found?.ofTrace) {
          navigate(logsLink(found.query, { range: Number(end - start), end: Number(end) }));
          return;
        }
        fallback ??= found?.query ?? null;
      }
      if (fallback === null) setState({ told: 'These services have no logs at that time' });
      else navigate(logsLink(fallback, { range: Number(end - start), end: Number(end) }));
    } catch (error) {
      setState({ told: errorText(error) });
    }
  };
  return (
    <>
      <Button variant="default" size={size} loading={state === 'looking'} onClick={() => void look()} leftSection={<Icon name="logs" size={12} />}>
        {label}
      </Button>
      {typeof state === 'object' && (
        <span className="dim" role="status">
          {state.told}
        </span>
      )}
    </>
  );
}
