import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { JsonObject, Panel } from '../../model';
import { panelKinds } from '../../panels/registry';
import { JsonField } from '../JsonField';
import './options.css';
import { OptionField } from './OptionField';
import { OverridesField } from './OverridesField';
import { optionGroups } from './schema';

interface Props {
  panel: Panel;
  variables: string[];
  /** Names of the fields that the panel shows now. */
  fields: string[];
  onChange: (change: (panel: Panel) => Panel, about: string) => void;
}

/** What a kind of panel begins with where another kind's options would not fit. */
export function asKind(panel: Panel, type: string): Panel {
  const { defaults, overrides } = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  // Options that only the old kind has do not hinder the new one; a legend and a tooltip are understood by several.
  const { legend, tooltip, reduceOptions } = panel.options ?? {};
  const kept: JsonObject = { ...(legend === undefined ? {} : { legend }), ...(tooltip === undefined ? {} : { tooltip }), ...(reduceOptions === undefined ? {} : { reduceOptions }) };
  return { ...panel, type, options: kept, fieldConfig: { defaults: { ...defaults, custom: {} } as typeof defaults, overrides } };
}

/** All options of a panel, found by a word. */
export function OptionsPane({ panel, variables, fields, onChange }: Props) {
  const [word, setWord] = useState('');
  const wanted = word.trim().toLowerCase();
  const groups = optionGroups(panel)
    .map((group) => ({ ...group, options: group.name.toLowerCase().includes(wanted) ? group.options : group.options.filter(({ label, path }) => `${label} ${path}`.toLowerCase().includes(wanted)) }))
    .filter(({ options }) => options.length > 0);
  const kinds = Object.entries(panelKinds).map(([value, { name }]) => ({ value, label: name }));
  return (
    <div className="stack">
      <NativeSelect
        label="Shown as"
        data={panelKinds[panel.type] ? kinds : [...kinds, { value: panel.type, label: `${panel.type} (not shown)` }]}
        value={panel.type}
        onChange={(event) => {
          const type = event.currentTarget.value;
          onChange((before) => asKind(before, type), `${panel.id}/type`);
        }}
      />
      <TextInput label="Find an option" type="search" value={word} onChange={(event) => setWord(event.currentTarget.value)} />
      {groups.map((group) => (
        <details key={`${panel.type}/${group.name}`} open={wanted !== '' || group.name === 'Panel' || undefined} className="option-group">
          <summary>{group.name}</summary>
          <div className="stack tight">
            {group.options.map((option) => (
              <OptionField key={`${panel.id}/${option.path}`} option={option} panel={panel} variables={variables} onChange={onChange} />
            ))}
          </div>
        </details>
      ))}
      {panel.fieldConfig && 'exceptions overrides'.includes(wanted) && (
        <details className="option-group" open={(panel.fieldConfig.overrides.length > 0 && wanted === '') || undefined}>
          <summary>Exceptions{panel.fieldConfig.overrides.length > 0 && ` (${panel.fieldConfig.overrides.length})`}</summary>
          <OverridesField panel={panel} fields={fields} onChange={(overrides) => onChange((before) => ({ ...before, fieldConfig: { ...before.fieldConfig!, overrides: overrides as never } }), `${panel.id}/overrides`)} />
        </details>
      )}
      {'json'.includes(wanted) && (
        <details className="option-group">
          <summary>JSON</summary>
          <JsonField
            key={panel.id}
            label="The panel as it is kept"
            value={panel}
            check={(value) => (value.id !== panel.id ? `"id" must stay ${panel.id}` : typeof value.type !== 'string' ? '"type" is missing' : typeof value.gridPos !== 'object' ? '"gridPos" is missing' : null)}
            onChange={(value) => onChange(() => value as Panel, `${panel.id}/json`)}
            minRows={6}
            maxRows={30}
          />
        </details>
      )}
    </div>
  );
}
