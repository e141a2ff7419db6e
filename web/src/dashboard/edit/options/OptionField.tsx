import { NativeSelect, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useId } from 'react';
import { reducers } from '../../display';
import type { DataLink, Json, JsonObject, Panel, Thresholds, ValueMapping } from '../../model';
import { at, withAt } from '../path';
import { ColorField } from './ColorField';
import { LinksField } from './LinksField';
import { MappingsField } from './MappingsField';
import { NumberField } from './NumberField';
import type { Option } from './schema';
import { ThresholdsField } from './ThresholdsField';
import { UnitField } from './UnitField';

interface Props {
  option: Option;
  panel: Panel;
  /** Names of variables by which a panel can be repeated. */
  variables: string[];
  onChange: (change: (panel: Panel) => Panel, about: string) => void;
}

/** One option of a panel. What it is without being written is shown as its value. */
export function OptionField({ option, panel, variables, onChange }: Props) {
  const value = at(panel, option.path);
  return (
    <ValueField
      option={option.path === 'repeat' ? { ...option, choices: [{ value: '', label: 'Not repeated' }, ...variables.map((name) => ({ value: name, label: name }))], otherwise: '' } : option}
      value={value as Json | undefined}
      onChange={(next) => onChange((before) => withAt(before, option.path, option.path === 'repeat' && next === '' ? undefined : next), `${panel.id}/${option.path}`)}
    />
  );
}

/** A value of an option: also of an override's property. */
export function ValueField({ option, value, onChange }: { option: Omit<Option, 'path'>; value: Json | undefined; onChange: (next: Json | undefined) => void }) {
  const id = useId();
  const held = value ?? option.otherwise;
  switch (option.kind) {
    case 'switch':
      return <Switch label={option.label} checked={held === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case 'text':
      return <TextInput label={option.label} value={typeof held === 'string' ? held : ''} onChange={(event) => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)} />;
    case 'area':
      return <Textarea label={option.label} autosize minRows={2} maxRows={14} value={typeof held === 'string' ? held : ''} onChange={(event) => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)} />;
    case 'number':
      return <NumberField label={option.label} value={typeof value === 'number' ? value : undefined} placeholder={typeof option.otherwise === 'number' ? String(option.otherwise) : 'by itself'} least={option.least} most={option.most} onChange={onChange} />;
    case 'select': {
      const choices = option.choices ?? [];
      const known = choices.findIndex((choice) => choice.value === (held ?? null));
      // A value of the file that is not among the choices is kept and shown as it is.
      const data = [...choices.map(({ label }, index) => ({ value: String(index), label })), ...(known < 0 ? [{ value: '-1', label: held === undefined || held === null ? 'By itself' : JSON.stringify(held) }] : [])];
      return <NativeSelect label={option.label} data={data} value={String(known)} onChange={(event) => onChange(choices[Number(event.currentTarget.value)]?.value ?? undefined)} />;
    }
    case 'calcs':
      return (
        <div>
          <TagsInput
            id={id}
            size="xs"
            label={option.label}
            data={reducers.map((reducer) => ({ value: reducer.id, label: reducer.name }))}
            value={Array.isArray(held) ? held.filter((each): each is string => typeof each === 'string') : []}
            onChange={(next) => onChange(next.filter((each) => reducers.some((reducer) => reducer.id === each)))}
            placeholder="mean, max, …"
          />
        </div>
      );
    case 'lines':
      return <TagsInput size="xs" label={option.label} data={option.choices?.map(({ value: each, label }) => ({ value: String(each), label }))} value={Array.isArray(held) ? held.filter((each): each is string => typeof each === 'string') : []} onChange={onChange} />;
    case 'unit':
      return <UnitField label={option.label} value={typeof held === 'string' ? held : ''} onChange={onChange} />;
    case 'color':
      return <ColorField label={option.label} value={typeof held === 'string' ? held : ''} onChange={onChange} />;
    case 'thresholds':
      return <ThresholdsField value={held as unknown as Thresholds | undefined} onChange={(next) => onChange(next as unknown as JsonObject)} />;
    case 'mappings':
      return <MappingsField value={(held ?? []) as unknown as ValueMapping[]} onChange={(next) => onChange(next as unknown as Json)} />;
    case 'links':
      return <LinksField label={option.label} value={(held ?? []) as unknown as DataLink[]} onChange={(next) => onChange(next.length > 0 ? (next as unknown as Json) : undefined)} />;
  }
}
