import { useCallback, useMemo } from 'react';
import { useRemembered } from '../../parts/remembered';

/** How many dashboards this browser remembers to have shown. */
const most = 8;

function uids(text: string): string[] {
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read.filter((each): each is string => typeof each === 'string').slice(0, most) : [];
  } catch {
    return [];
  }
}

/** The dashboards last looked at in this browser, the latest first. */
export function useRecent(): [string[], (uid: string) => void] {
  const [text, remember] = useRemembered('recent-dashboards', '[]');
  const recent = useMemo(() => uids(text), [text]);
  const add = useCallback((uid: string) => remember(JSON.stringify([uid, ...uids(text).filter((each) => each !== uid)].slice(0, most))), [remember, text]);
  return [recent, add];
}
