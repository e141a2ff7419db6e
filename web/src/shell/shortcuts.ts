import { useEffect } from 'react';

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** Milliseconds in which the second key of `g h` must follow. */
const patience = 1200;

/**
 * Calls `act` with `?`, `/`, or `g` and the key after it, as in `g h`. Keys that are typed into a field, or with
 * a modifier, are left alone.
 */
export function useShortcuts(enabled: boolean, act: (keys: string) => boolean) {
  useEffect(() => {
    if (!enabled) return;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (waiting !== undefined) {
        clearTimeout(waiting);
        waiting = undefined;
        if (act(`g ${event.key}`)) event.preventDefault();
        return;
      }
      if (event.key === 'g') {
        waiting = setTimeout(() => (waiting = undefined), patience);
      } else if (act(event.key)) {
        event.preventDefault();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
      clearTimeout(waiting);
    };
  }, [enabled, act]);
}
