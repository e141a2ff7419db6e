import { useSyncExternalStore } from 'react';

/** One ticking second for the whole page, so that all relative times turn together. */
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;
const watchers = new Set<() => void>();

function watch(watcher: () => void) {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = new Date();
    for (const each of watchers) each();
  }, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The present, renewed each second. */
export function useNow(): Date {
  return useSyncExternalStore(watch, () => {
    if (watchers.size === 0 && Date.now() - now.getTime() > 1000) now = new Date();
    return now;
  });
}
