import { useEffect, useSyncExternalStore } from 'react';

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** Milliseconds in which the second key of `g h` must follow. */
const patience = 1200;

/** A key, or two with a space between, that a page adds while it is shown. */
export interface PageShortcut {
  /** As the browser names keys: `v`, `d r`, `t ArrowLeft`, `d E` (with shift). */
  keys: string;
  what: string;
  /** `false` leaves the key to others. */
  act: () => boolean | void;
}

let added: readonly PageShortcut[] = [];
const watchers = new Set<() => void>();

function setAdded(next: readonly PageShortcut[]) {
  added = next;
  for (const watcher of watchers) watcher();
}

/** Adds shortcuts while the component is shown. The list must keep its identity while nothing in it changes. */
export function usePageShortcuts(shortcuts: readonly PageShortcut[]) {
  useEffect(() => {
    setAdded([...added, ...shortcuts]);
    return () => setAdded(added.filter((each) => !shortcuts.includes(each)));
  }, [shortcuts]);
}

/** What the page that is shown added, for the list of all shortcuts. */
export function useAddedShortcuts(): readonly PageShortcut[] {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => added,
  );
}

const actAdded = (keys: string) => {
  const found = added.find((each) => each.keys === keys);
  return found !== undefined && found.act() !== false;
};
const begins = (key: string) => key === 'g' || added.some(({ keys }) => keys.startsWith(`${key} `));

/**
 * Calls `act` with `?`, `/`, or `g` and the key after it, as in `g h`, after what the page has added. Keys that are
 * typed into a field, or with a modifier, are left alone.
 */
export function useShortcuts(enabled: boolean, act: (keys: string) => boolean) {
  useEffect(() => {
    if (!enabled) return;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let first = '';
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      // Shift alone is on its way to another key.
      if (event.key === 'Shift') return;
      let keys = event.key;
      if (waiting !== undefined) {
        clearTimeout(waiting);
        waiting = undefined;
        keys = `${first} ${event.key}`;
      } else if (begins(event.key)) {
        first = event.key;
        waiting = setTimeout(() => (waiting = undefined), patience);
        return;
      }
      if (actAdded(keys) || act(keys)) event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
      clearTimeout(waiting);
    };
  }, [enabled, act]);
}
