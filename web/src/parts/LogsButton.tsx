import { Button } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { errorText } from '../api/request';
import { logsOf } from '../logs/same-labels';
import { logsLink } from '../url/logs';
import { Icon } from './Icon';

interface Props {
  labels: Record<string, string>;
  /** Seconds that the logs shall span, and where they end in seconds since 1970; `null` for now. */
  range: number;
  end: number | null;
  size?: 'compact-xs' | 'sm';
  /** Named for those who do not see where the button stands. */
  of: string;
}

/** Leads to the logs of the same labels and time; says so when there are none. */
export function LogsButton({ labels, range, end, size = 'sm', of }: Props) {
  const [, navigate] = useLocation();
  const [state, setState] = useState<'idle' | 'looking' | string>('idle');
  const look = async () => {
    setState('looking');
    const finish = BigInt(Math.ceil(end ?? Date.now() / 1000));
    const second = 1_000_000_000n;
    try {
      const selector = await logsOf(labels, (finish - BigInt(Math.ceil(range))) * second, finish * second);
      if (selector === null) setState('No stream of logs has these labels in this range');
      else navigate(logsLink(selector, { range, end }));
    } catch (error) {
      setState(errorText(error));
    }
  };
  const told = state !== 'idle' && state !== 'looking';
  return (
    <>
      <Button variant="default" size={size} loading={state === 'looking'} onClick={() => void look()} leftSection={<Icon name="logs" size={12} />} aria-label={`Logs of ${of}`}>
        Logs
      </Button>
      {told && (
        <span className="dim" role="status">
          {state}
        </span>
      )}
    </>
  );
}
