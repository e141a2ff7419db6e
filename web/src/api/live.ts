import type { QueryClient } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { eventsPath } from './phoenix';

/** How the page hears of changes: `live` from the server's events, `polling` while those cannot be had. */
export type Connection = 'connecting' | 'live' | 'polling';

/** The server's topics, and the first parts of the query keys that each makes stale. */
const stale: Record<string, string[]> = {
  incidents: ['incidents', 'home', 'on-call'],
  alerts: ['alerts', 'rules', 'home'],
  targets: ['targets', 'home'],
  rules: ['rules', 'home'],
  config: ['config', 'rules', 'targets', 'on-call', 'home'],
  silences: ['silences', 'alerts', 'home'],
  inbox: ['inbox'],
  dashboards: ['dashboards'],
  findings: ['findings'],
  annotations: [],
  demo: ['demo', 'home'],
};

/** Milliseconds during which events of one topic are gathered, so that a burst makes one fetch. */
const gather = 250;
/** Milliseconds between fetches while polling; with events, a slow poll heals what an event may have missed. */
const pollInterval = { live: 30_000, other: 5_000 };

/** What is not fetched by a query of its own, by topic. */
const listeners = new Map<string, Set<() => void>>();

/** Calls on the server's events of a topic; answers with a function that stops it. */
export function onTopic(topic: string, listener: () => void): () => void {
  const all = listeners.get(topic) ?? new Set();
  listeners.set(topic, all.add(listener));
  return () => all.delete(listener);
}

let connection: Connection = 'connecting';
const watchers = new Set<() => void>();

function setConnection(next: Connection) {
  if (next === connection) return;
  connection = next;
  for (const watcher of watchers) watcher();
}

/** Invalidates queries on the server's events; answers with a function that stops it. */
export function listen(client: QueryClient): () => void {
  const due = new Map<string, ReturnType<typeof setTimeout>>();
  const invalidate = (key: string) => {
    if (due.has(key)) return;
    due.set(
      key,
      setTimeout(() => {
        due.delete(key);
        void client.invalidateQueries({ queryKey: [key] });
      }, gather),
    );
  };
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(eventsPath);
    source.onopen = () => {
      if (connection === 'polling') void client.invalidateQueries();
      setConnection('live');
    };
    source.onerror = () => {
      setConnection('polling');
      // The browser tries again by itself unless the server refused outright.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 10_000);
    };
    for (const [topic, keys] of Object.entries(stale)) {
      source.addEventListener(topic, () => {
        keys.forEach(invalidate);
        listeners.get(topic)?.forEach((listener) => listener());
      });
    }
  };
  open();
  return () => {
    source.close();
    clearTimeout(retry);
    due.forEach((timer) => clearTimeout(timer));
  };
}

export function useLiveUpdates() {
  const client = useQueryClient();
  useEffect(() => listen(client), [client]);
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => connection,
  );
}

/** Milliseconds until a query is fetched again on its own. */
export const refetchInterval = () => (connection === 'live' ? pollInterval.live : pollInterval.other);
