import { useCallback, useSyncExternalStore } from 'react';

/** What was remembered where storage is forbidden, as in private windows; it lasts until the page is left. */
const unstored = new Map<string, string>();
const watchers = new Set<() => void>();

function read(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? unstored.get(key) ?? null;
  } catch {
    return unstored.get(key) ?? null;
  }
}

function watch(watcher: () => void) {
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
  };
}

/** What this browser remembers under `phoenix-<name>`, the same for all who ask. */
export function useRemembered(name: string, otherwise = ''): [string, (value: string) => void] {
  const key = `phoenix-${name}`;
  const value = useSyncExternalStore(watch, () => read(key)) ?? otherwise;
  const remember = useCallback(
    (next: string) => {
      try {
        localStorage.setItem(key, next);
      } catch {
        unstored.set(key, next);
      }
      for (const watcher of watchers) watcher();
    },
    [key],
  );
  return [value, remember];
}
