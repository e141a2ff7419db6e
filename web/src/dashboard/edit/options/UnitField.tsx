import { Autocomplete } from '@mantine/core';
import { useState } from 'react';
import { displayText, formatValue, unitIds } from '../../display';

const groups = [...new Set(unitIds.map(({ group }) => group))].map((group) => ({
  group,
  items: unitIds.filter((unit) => unit.group === group).map(({ id, name }) => ({ value: id, label: name })),
}));
const nameOf = new Map(unitIds.map(({ id, name }) => [id, name]));
const byName = new Map(unitIds.map(({ id, name }) => [name, id]));
/** Listed at once; typing finds the others. */
const listed = 60;

/** A unit, found by its name, or any id such as `suffix:req`. */
export function UnitField({ label, value, onChange }: { label: string; value: string; onChange: (value: string | undefined) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const take = (text: string) => {
    const id = byName.get(text) ?? text;
    onChange(id === '' ? undefined : id);
  };
  return (
    <Autocomplete
      size="xs"
      label={label}
      limit={listed}
      data={groups}
      value={typed ?? nameOf.get(value) ?? value}
      onChange={(text) => {
        setTyped(text);
        if (text === '' || byName.has(text) || nameOf.has(text)) take(text);
      }}
      onOptionSubmit={(text) => {
        setTyped(null);
        take(byName.get(text) ?? text);
      }}
      onBlur={() => {
        if (typed !== null) take(typed);
        setTyped(null);
      }}
      description={value === '' ? undefined : `1234.5 reads ${displayText(formatValue(1234.5, value))}`}
      placeholder="A name, or such as suffix:req"
    />
  );
}
