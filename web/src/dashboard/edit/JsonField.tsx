import { Textarea } from '@mantine/core';
import { useState } from 'react';
import type { JsonObject } from '../model';

interface Props {
  label: string;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  /** Says what is wrong with an object that is JSON. */
  check?: (value: JsonObject) => string | null;
  minRows?: number;
  maxRows?: number;
}

/** An object as JSON. It is taken over as soon as it can be read; until then the mistake is told. */
export function JsonField({ label, value, onChange, check, minRows = 2, maxRows = 20 }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  return (
    <Textarea
      label={label}
      autosize
      minRows={minRows}
      maxRows={maxRows}
      spellCheck={false}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.75rem' } }}
      value={typed ?? JSON.stringify(value, null, 2)}
      error={wrong}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        try {
          const read: unknown = JSON.parse(text);
          if (typeof read !== 'object' || read === null || Array.isArray(read)) return setWrong('Must be an object: { … }');
          const problem = check?.(read as JsonObject) ?? null;
          setWrong(problem);
          if (problem === null) onChange(read as JsonObject);
        } catch (error) {
          setWrong(error instanceof Error ? error.message : String(error));
        }
      }}
      onBlur={() => {
        if (wrong === null) setTyped(null);
      }}
    />
  );
}
