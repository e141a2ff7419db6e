import { useEffect } from 'react';
import { lengthMs } from '../time';

/** The shortest interval at which a page asks again, in milliseconds. */
const shortest = 1000;

/** Calls `refresh` at an interval such as `30s`. Nothing is asked while the page is hidden; what was missed is made up for at once. */
export function useAutoRefresh(interval: string, refresh: () => void) {
  useEffect(() => {
    const length = interval === '' ? null : lengthMs(interval);
    if (length === null) return;
    const every = Math.max(shortest, length);
    let last = Date.now();
    const ask = () => {
      if (document.hidden) return;
      last = Date.now();
      refresh();
    };
    const shown = () => {
      if (!document.hidden && Date.now() - last >= every) ask();
    };
    const timer = setInterval(ask, every);
    document.addEventListener('visibilitychange', shown);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', shown);
    };
  }, [interval, refresh]);
}
