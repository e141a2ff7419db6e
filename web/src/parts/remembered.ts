import { useCallback, useState } from 'react';

/** What this browser remembers under `phoenix-<name>`; works without storage, then only until the page is left. */
export function useRemembered(name: string, otherwise = ''): [string, (value: string) => void] {
  const key = `phoenix-${name}`;
  const [value, setValue] = useState(() => {
    try {
      return localStorage.getItem(key) ?? otherwise;
    } catch {
      return otherwise;
    }
  });
  const remember = useCallback(
    (next: string) => {
      setValue(next);
      try {
        localStorage.setItem(key, next);
      } catch {
        // Private windows may forbid it.
      }
    },
    [key],
  );
  return [value, remember];
}
