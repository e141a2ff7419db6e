import { ActionIcon, Button, NativeSelect, Switch, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../parts/Icon';
import type { JsonObject, Variable } from '../model';
import { JsonField } from './JsonField';

const kinds = [
  { value: 'query', label: 'Values that a query gives' },
  { value: 'custom', label: 'A list of values' },
  { value: 'textbox', label: 'A text' },
  { value: 'constant', label: 'A constant' },
  { value: 'interval', label: 'A length of time' },
  { value: 'datasource', label: 'A data source' },
  { value: 'adhoc', label: 'Filters for all queries' },
];
const sorts = ['Not sorted', 'A to Z', 'Z to A', '1 to 9', '9 to 1', 'a to z, any case', 'z to a, any case', 'Natural', 'Natural, from the end'];

/** The text of a variable's query, whichever form it has. */
const queryText = ({ query, definition }: Variable): string => (typeof query === 'string' ? query : typeof query === 'object' && query !== null && !Array.isArray(query) && typeof query.query === 'string' ? query.query : (definition ?? ''));

/** A new variable of a kind, with what its kind needs. */
export function newVariable(name: string, type: string): Variable {
  const source = { type: 'prometheus', uid: 'prometheus' };
  const first: Record<string, JsonObject> = {
    query: { datasource: source, query: 'label_values(up, instance)', refresh: 1, sort: 1 },
    custom: { query: 'one, two' },
    textbox: { query: '' },
    constant: { query: '', hide: 2 },
    interval: { query: '1m,5m,15m,1h', auto: false },
    datasource: { query: 'prometheus' },
    adhoc: { datasource: source, filters: [] },
  };
  return { name, type, ...first[type] };
}

/** What is wrong with a variable's name among the others. */
export function wrongName(name: string, others: readonly string[]): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'Letters, digits and _, not beginning with a digit';
  if (name.startsWith('__')) return 'Names that begin with __ are built in';
  if (others.includes(name)) return 'Another variable has this name';
  return undefined;
}

/** The variables of a dashboard, in the order in which they are shown. */
export function VariablesEditor({ value, onChange }: { value: Variable[]; onChange: (next: Variable[], about: string) => void }) {
  const [open, setOpen] = useState<number | null>(null);
  const put = (index: number, next: Variable, about: string) => onChange(value.map((each, at) => (at === index ? next : each)), `${index}/${about}`);
  return (
    <div className="stack">
      {value.length === 0 && <p className="dim">Variables are chosen above the panels, and stand in queries and titles as $name.</p>}
      {value.map((variable, index) => (
        <section key={index} className="override" aria-label={`Variable ${variable.name}`}>
          <div className="option-row">
            <strong className="grow">
              ${variable.name} <span className="dim">{kinds.find((kind) => kind.value === variable.type)?.label ?? variable.type}</span>
            </strong>
            <ActionIcon
              disabled={index === 0}
              aria-label={`${variable.name}: earlier`}
              title="Earlier"
              onClick={() => {
                const next = [...value];
                [next[index - 1], next[index]] = [next[index]!, next[index - 1]!];
                onChange(next, 'order');
              }}
            >
              <Icon name="up" size={13} />
            </ActionIcon>
            <Button variant="default" size="compact-xs" aria-expanded={open === index} onClick={() => setOpen(open === index ? null : index)}>
              {open === index ? 'Close' : 'Change'}
            </Button>
            <ActionIcon aria-label={`Remove ${variable.name}`} title="Remove" onClick={() => onChange(value.filter((_, at) => at !== index), 'remove')}>
              <Icon name="close" size={13} />
            </ActionIcon>
          </div>
          {open === index && <VariableForm variable={variable} others={value.filter((_, at) => at !== index).map(({ name }) => name)} onChange={(next, about) => put(index, next, about)} />}
        </section>
      ))}
      <Button
        variant="default"
        leftSection={<Icon name="plus" size={13} />}
        style={{ alignSelf: 'flex-start' }}
        onClick={() => {
          let name = 'instance';
          for (let number = 2; value.some((each) => each.name === name); number += 1) name = `variable${number}`;
          onChange([...value, newVariable(name, 'query')], 'add');
          setOpen(value.length);
        }}
      >
        Variable
      </Button>
    </div>
  );
}

function VariableForm({ variable, others, onChange }: { variable: Variable; others: string[]; onChange: (next: Variable, about: string) => void }) {
  const [name, setName] = useState(variable.name);
  const wrong = wrongName(name, others);
  const set = (part: Partial<Variable>, about: string) => onChange({ ...variable, ...part } as Variable, about);
  const { type } = variable;
  const many = type === 'query' || type === 'custom' || type === 'datasource';
  return (
    <div className="stack tight">
      <TextInput
        label="Name"
        value={name}
        error={wrong}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setName(next);
          if (wrongName(next, others) === undefined) set({ name: next }, 'name');
        }}
      />
      <NativeSelect label="Kind" data={kinds.some(({ value }) => value === type) ? kinds : [...kinds, type]} value={type} onChange={(event) => onChange({ ...newVariable(variable.name, event.currentTarget.value), label: variable.label }, 'type')} />
      <TextInput label="Label" value={variable.label ?? ''} onChange={(event) => set({ label: event.currentTarget.value || undefined }, 'label')} />
      <NativeSelect
        label="Shown"
        data={[
          { value: '0', label: 'With its label' },
          { value: '1', label: 'Without its label' },
          { value: '2', label: 'Not at all' },
        ]}
        value={String(variable.hide ?? 0)}
        onChange={(event) => set({ hide: Number(event.currentTarget.value) }, 'hide')}
      />
      {type === 'query' && (
        <>
          <NativeSelect
            label="Asked of"
            data={[
              { value: 'prometheus', label: 'Metrics' },
              { value: 'loki', label: 'Logs' },
              { value: 'tempo', label: 'Traces' },
            ]}
            value={variable.datasource?.type ?? 'prometheus'}
            onChange={(event) => set({ datasource: { type: event.currentTarget.value, uid: event.currentTarget.value } }, 'source')}
          />
          <Textarea label="Query" description="label_values(metric{…}, label), label_names(), metrics(pattern), query_result(expression)" autosize value={queryText(variable)} onChange={(event) => set({ query: event.currentTarget.value, definition: event.currentTarget.value }, 'query')} />
          <TextInput label="Pattern" description="Keeps what matches; groups named text and value take parts of it" placeholder="/(?<value>.*)/" value={variable.regex ?? ''} onChange={(event) => set({ regex: event.currentTarget.value }, 'regex')} />
          <NativeSelect label="Order" data={sorts.map((label, index) => ({ value: String(index), label }))} value={String(variable.sort ?? 0)} onChange={(event) => set({ sort: Number(event.currentTarget.value) }, 'sort')} />
          <NativeSelect
            label="Asked again"
            data={[
              { value: '1', label: 'When the dashboard is opened' },
              { value: '2', label: 'When the range of time changes' },
              { value: '0', label: 'Never' },
            ]}
            value={String(variable.refresh ?? 1)}
            onChange={(event) => set({ refresh: Number(event.currentTarget.value) }, 'refresh')}
          />
        </>
      )}
      {type === 'custom' && <Textarea label="Values, with commas between them" description="name : value gives a value another name" autosize value={queryText(variable)} onChange={(event) => set({ query: event.currentTarget.value, options: [] }, 'query')} />}
      {type === 'interval' && <TextInput label="Lengths, with commas between them" value={queryText(variable)} onChange={(event) => set({ query: event.currentTarget.value, options: [] }, 'query')} />}
      {(type === 'textbox' || type === 'constant') && <TextInput label="Value" value={queryText(variable)} onChange={(event) => set({ query: event.currentTarget.value, options: [], current: undefined }, 'query')} />}
      {type === 'datasource' && <NativeSelect label="Of type" data={['prometheus', 'loki', 'tempo', 'alertmanager']} value={queryText(variable)} onChange={(event) => set({ query: event.currentTarget.value }, 'query')} />}
      {many && (
        <>
          <Switch label="Several at once" checked={variable.multi === true} onChange={(event) => set({ multi: event.currentTarget.checked }, 'multi')} />
          <Switch label="With All" checked={variable.includeAll === true} onChange={(event) => set({ includeAll: event.currentTarget.checked }, 'all')} />
          {variable.includeAll && <TextInput label="All stands for" placeholder="every value" value={variable.allValue ?? ''} onChange={(event) => set({ allValue: event.currentTarget.value || null }, 'allValue')} />}
        </>
      )}
      {!kinds.some(({ value }) => value === type) && <JsonField label="As it is kept" value={variable} onChange={(next) => onChange(next as Variable, 'json')} />}
    </div>
  );
}
