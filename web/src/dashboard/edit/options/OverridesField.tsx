import { ActionIcon, Autocomplete, Button, NativeSelect, TextInput } from '@mantine/core';
import { Icon } from '../../../parts/Icon';
import type { Json, Override, Panel } from '../../model';
import { ValueField } from './OptionField';
import type { Option } from './schema';
import { optionGroups } from './schema';

const matchers = [
  { value: 'byName', label: 'Field with the name' },
  { value: 'byRegexp', label: 'Fields whose name matches' },
  { value: 'byType', label: 'Fields of the type' },
  { value: 'byFrameRefID', label: 'Fields of the query' },
];
const types = ['number', 'time', 'string', 'boolean'];
const prefix = 'fieldConfig.defaults.';

/** What of a panel's options an override may set, by the ids that Grafana gives them. */
export function properties(panel: Panel): { id: string; option: Option }[] {
  const all = optionGroups(panel).flatMap(({ options }) => options);
  const found = all.filter(({ path }) => path.startsWith(prefix)).map((option) => {
    const id = option.path.slice(prefix.length);
    return { id: id === 'color.mode' || id === 'color.fixedColor' ? 'color' : id, option };
  });
  const hide: Option = { path: '', label: 'Hidden in the chart', kind: 'switch' };
  return [...found.filter(({ id }) => id !== 'color'), { id: 'color', option: { path: '', label: 'Colour', kind: 'color' } }, { id: 'custom.hideFrom', option: hide }];
}

/** The value of a property as its field shows it, and back. */
const shown = (id: string, value: Json | undefined): Json | undefined => {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  if (id === 'color') return object.fixedColor ?? (typeof object.mode === 'string' && object.mode !== 'fixed' ? object.mode : undefined);
  if (id === 'custom.hideFrom') return object.viz === true;
  return value;
};
const kept = (id: string, value: Json | undefined): Json | undefined => {
  if (id === 'color') return { mode: 'fixed', fixedColor: value };
  if (id === 'custom.hideFrom') return { viz: value === true, legend: false, tooltip: false };
  return value;
};

/** Exceptions for some fields. What is not known here is kept and can be removed. */
export function OverridesField({ panel, fields, onChange }: { panel: Panel; fields: string[]; onChange: (overrides: Override[]) => void }) {
  const overrides = panel.fieldConfig?.overrides ?? [];
  const known = properties(panel);
  const change = (index: number, next: Override) => onChange(overrides.map((each, at) => (at === index ? next : each)));
  return (
    <div className="stack" role="group" aria-label="Overrides">
      {overrides.map((override, index) => {
        const { id, options } = override.matcher;
        const text = typeof options === 'string' ? options : JSON.stringify(options ?? '');
        const match = (next: string) => change(index, { ...override, matcher: { id, options: next } });
        const nth = `exception ${index + 1}`;
        return (
          <div key={index} className="override">
            <div className="option-row">
              <NativeSelect
                aria-label={`${nth} is for`}
                data={matchers.some(({ value }) => value === id) ? matchers : [...matchers, { value: id, label: id }]}
                value={id}
                onChange={(event) => change(index, { ...override, matcher: { id: event.currentTarget.value, options: event.currentTarget.value === 'byType' ? 'number' : '' } })}
              />
              <ActionIcon aria-label={`Remove ${nth}`} onClick={() => onChange(overrides.filter((_, at) => at !== index))}>
                <Icon name="close" size={13} />
              </ActionIcon>
            </div>
            {id === 'byType' ? (
              <NativeSelect aria-label={`Type, ${nth}`} data={types} value={text} onChange={(event) => match(event.currentTarget.value)} />
            ) : id === 'byName' ? (
              <Autocomplete size="xs" aria-label={`Name, ${nth}`} data={[...new Set(fields)]} value={text} onChange={match} />
            ) : (
              <TextInput aria-label={`Which, ${nth}`} value={text} disabled={!matchers.some(({ value }) => value === id)} placeholder={id === 'byRegexp' ? '/pattern/' : undefined} onChange={(event) => match(event.currentTarget.value)} />
            )}
            {override.properties.map((property, place) => {
              const option = known.find((each) => each.id === property.id)?.option;
              const put = (value: Json | undefined) => change(index, { ...override, properties: override.properties.map((each, at) => (at === place ? { id: each.id, ...(value === undefined ? {} : { value }) } : each)) });
              return (
                <div key={place} className="option-row">
                  <div className="grow">
                    {option ? (
                      <ValueField option={{ ...option, label: option.label }} value={shown(property.id, property.value)} onChange={(value) => put(kept(property.id, value))} />
                    ) : (
                      <code>
                        {property.id}: {JSON.stringify(property.value)}
                      </code>
                    )}
                  </div>
                  <ActionIcon aria-label={`Remove ${property.id} of ${nth}`} onClick={() => change(index, { ...override, properties: override.properties.filter((_, at) => at !== place) })}>
                    <Icon name="close" size={13} />
                  </ActionIcon>
                </div>
              );
            })}
            <NativeSelect
              aria-label={`Add to ${nth}`}
              value=""
              data={[{ value: '', label: 'Add an option …' }, ...known.filter((each) => !override.properties.some(({ id: taken }) => taken === each.id)).map((each) => ({ value: each.id, label: each.option.label }))]}
              onChange={(event) => {
                const added = known.find((each) => each.id === event.currentTarget.value);
                if (!added) return;
                const value = added.id === 'color' ? 'red' : added.option.kind === 'switch' ? true : added.option.otherwise;
                const first = kept(added.id, value);
                change(index, { ...override, properties: [...override.properties, { id: added.id, ...(first === undefined ? {} : { value: first }) }] });
              }}
            />
          </div>
        );
      })}
      <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }} onClick={() => onChange([...overrides, { matcher: { id: 'byName', options: fields[0] ?? '' }, properties: [] }])}>
        Exception for some fields
      </Button>
    </div>
  );
}
