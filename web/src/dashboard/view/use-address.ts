import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'wouter';
import type { Dashboard } from '../model';
import type { TimeSpan } from '../panel';
import type { RawRange } from '../time';
import type { Chosen } from '../variables';
import { readVariables } from '../variables';
import type { DashboardUrl, Switches } from './url';
import { changeDashboardUrl, changeSwitches, readDashboardUrl, readSwitches } from './url';

export interface Address {
  url: DashboardUrl;
  raw: RawRange;
  /** `browser`, `utc` or a zone's name. */
  zoneSetting: string;
  /** Such as `30s`; empty is off. */
  refresh: string;
  chosen: Chosen;
  change: (next: Partial<DashboardUrl>, how?: { replace: boolean }) => void;
  setRange: (raw: RawRange) => void;
  setSpan: (span: TimeSpan) => void;
  choose: (name: string, values: readonly string[]) => void;
  /** Rows that are folded or not against what was saved, by the section's key; annotations that are marked or not, by name. */
  folded: Switches;
  marked: Switches;
  setSwitches: (prefix: 'fold-' | 'mark-', change: Readonly<Record<string, boolean | null>>) => void;
}

/** The address of a dashboard, where it says nothing with what the dashboard says. */
export function useAddress(dashboard: Dashboard): Address {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const { time, timezone, refresh } = dashboard;
  const read = useMemo(() => {
    const now = new URLSearchParams(text);
    const url = readDashboardUrl(now);
    return {
      url,
      raw: { from: url.from ?? (time?.from || 'now-6h'), to: url.to ?? (time?.to || 'now') },
      zoneSetting: url.timezone ?? (timezone || 'browser'),
      refresh: url.refresh ?? (typeof refresh === 'string' ? refresh : ''),
      chosen: readVariables(now),
      folded: readSwitches(now, 'fold-'),
      marked: readSwitches(now, 'mark-'),
    };
  }, [text, time, timezone, refresh]);
  const change = useCallback((next: Partial<DashboardUrl>, how?: { replace: boolean }) => setParams((before) => changeDashboardUrl(before, next), how), [setParams]);
  const setRange = useCallback(({ from, to }: RawRange) => change({ from, to }), [change]);
  const setSpan = useCallback(({ from, to }: TimeSpan) => change({ from: String(Math.round(from)), to: String(Math.round(to)) }), [change]);
  const choose = useCallback(
    (name: string, values: readonly string[]) =>
      setParams((before) => {
        const next = new URLSearchParams(before);
        next.delete(`var-${name}`);
        for (const value of values) next.append(`var-${name}`, value);
        return next;
      }),
    [setParams],
  );
  // Folding is no step to go back from.
  const setSwitches = useCallback<Address['setSwitches']>((prefix, switches) => setParams((before) => changeSwitches(before, prefix, switches), { replace: true }), [setParams]);
  return { ...read, change, setRange, setSpan, choose, setSwitches };
}
