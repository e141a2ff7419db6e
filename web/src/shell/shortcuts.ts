import { useEffect, useSyncExternalStore } from 'react';

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** Milliseconds in which the second key of `g h` must follow. */
const patience = 1200;

/** A key, or two with a space between, that a page adds while it is shown. */
export interface PageShortcut {
  /** As the browser names keys: `v`, `d r`, `t ArrowLeft`, `d E` (with shift), `Ctrl+s`, `Ctrl+Shift+z`. */
  keys: string;
  /** Other keys that do the same; the list of all shortcuts leaves them out. */
  also?: readonly string[];
  /** Of a key with Ctrl: it holds as well while something is typed into a field. */
  inFields?: boolean;
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

const actAdded = (keys: string, isTyping = false) => {
  const found = added.find((each) => each.keys === keys || each.also?.includes(keys));
  return found !== undefined && (!isTyping || found.inFields === true) && found.act() !== false;
};
const begins = (key: string) => key === 'g' || added.some(({ keys, also = [] }) => [keys, ...also].some((each) => each.startsWith(`${key} `)));

/** A key with Ctrl, or the Command key, as pages write it. */
const withCtrl = ({ key, shiftKey }: KeyboardEvent) => `Ctrl+${shiftKey ? 'Shift+' : ''}${key.toLowerCase()}`;

/**
 * Calls `act` with `?`, `/`, `f`, or `g` and the key after it, as in `g h`, after what the page has added. Keys that are
 * typed into a field are left alone; with Ctrl only what the page has added holds, whether single keys are `enabled` or not.
 */
export function useShortcuts(enabled: boolean, act: (keys: string) => boolean) {
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let first = '';
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      if (event.ctrlKey || event.metaKey) {
        if (actAdded(withCtrl(event), typing(event.target))) event.preventDefault();
        return;
      }
      if (!enabled || typing(event.target)) return;
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
