import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/** One parameter of the address. An empty value leaves the address; typing replaces the entry instead of adding one. */
export function useParam(name: string, otherwise = ''): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === otherwise || value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [name, otherwise, setParams],
  );
  return [params.get(name) ?? otherwise, set];
}
