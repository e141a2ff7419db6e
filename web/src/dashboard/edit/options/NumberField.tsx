import { TextInput } from '@mantine/core';
import { useState } from 'react';

interface Props {
  label: string;
  value: number | null | undefined;
  placeholder?: string;
  least?: number;
  most?: number;
  onChange: (value: number | undefined) => void;
}

/** A number, or nothing. What is being typed stands until it is a number within the bounds. */
export function NumberField({ label, value, placeholder, least, most, onChange }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? (value === undefined || value === null ? '' : String(value));
  const number = Number(text);
  const wrong =
    text.trim() === ''
      ? undefined
      : !Number.isFinite(number)
        ? 'Not a number'
        : least !== undefined && number < least
          ? `At least ${least}`
          : most !== undefined && number > most
            ? `At most ${most}`
            : undefined;
  return (
    <TextInput
      label={label}
      value={text}
      placeholder={placeholder}
      inputMode="decimal"
      error={wrong}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const given = Number(next);
        if (next.trim() === '') onChange(undefined);
        else if (Number.isFinite(given) && (least === undefined || given >= least) && (most === undefined || given <= most)) onChange(given);
      }}
      onBlur={() => {
        if (!wrong) setTyped(null);
      }}
    />
  );
}
