import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { tagNames, tagValues } from '../../api/tempo';
import { Icon } from '../../parts/Icon';
import type { Comparison, Condition, SearchForm } from '../../traces/query';
import { comparisons, emptyForm, isDuration, writeForm } from '../../traces/query';

interface Props {
  form: SearchForm;
  range: number;
  end: number | null;
  onSearch: (query: string) => void;
}

/** The most values that a field offers. */
const mostOffered = 500;

const spanOf = (range: number, end: number | null) => {
  const finish = end ?? Date.now() / 1000;
  return { start: finish - range, end: finish };
};

interface ValueProps {
  label: string;
  hidden?: boolean;
  tag: string;
  query?: string;
  value: string;
  range: number;
  end: number | null;
  placeholder?: string;
  onChange: (value: string) => void;
}

/** A field that offers the values which an attribute has; they are asked for when it is first used. */
function ValueField({ label, hidden = false, tag, query, value, range, end, placeholder, onChange }: ValueProps) {
  const list = useId();
  const [used, setUsed] = useState(false);
  const values = useQuery({
    queryKey: ['traces', 'values', tag, query, range, end],
    enabled: used && tag !== '',
    queryFn: ({ signal }) => tagValues(tag, spanOf(range, end), query, signal),
    staleTime: 60_000,
    refetchInterval: false,
    retry: false,
  });
  return (
    <>
      <TextInput label={hidden ? undefined : label} aria-label={label} list={list} value={value} placeholder={placeholder} onFocus={() => setUsed(true)} onChange={(event) => onChange(event.currentTarget.value)} autoComplete="off" />
      <datalist id={list}>
        {(values.data ?? []).slice(0, mostOffered).map((each) => (
          <option key={`${each.type} ${each.value}`} value={each.value} />
        ))}
      </datalist>
    </>
  );
}

/** Fields that write a query: what most searches need. */
export function SearchFields({ form, range, end, onSearch }: Props) {
  const [fields, setFields] = useState(form);
  const [named, setNamed] = useState(false);
  const keys = useId();
  const names = useQuery({ queryKey: ['traces', 'names', range, end], enabled: named, queryFn: ({ signal }) => tagNames(spanOf(range, end), signal), staleTime: 60_000, refetchInterval: false, retry: false });
  const set = (next: Partial<SearchForm>) => setFields((before) => ({ ...before, ...next }));
  const setCondition = (index: number, next: Partial<Condition>) => set({ conditions: fields.conditions.map((each, at) => (at === index ? { ...each, ...next } : each)) });
  const wrong = (text: string) => (text !== '' && !isDuration(text) ? 'Such as 250ms or 1.5s' : undefined);
  const ofService = fields.service ? writeForm({ ...emptyForm, service: fields.service }) : undefined;
  const offered = (names.data ?? []).filter(({ name }) => name !== 'intrinsic').flatMap(({ name, tags }) => tags.map((tag) => `${name}.${tag}`));
  const shared = { range, end };
  return (
    <form
      className="panel search-fields"
      aria-label="Search for traces"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong(fields.least) && !wrong(fields.most)) onSearch(writeForm(fields));
      }}
    >
      <div className="search-grid">
        <ValueField label="Service" tag="resource.service.name" value={fields.service} placeholder="Any" {...shared} onChange={(service) => set({ service })} />
        <ValueField label="Span name" tag="span:name" query={ofService} value={fields.name} placeholder="Any" {...shared} onChange={(name) => set({ name })} />
        <NativeSelect
          label="Status"
          value={fields.status}
          data={[
            { value: '', label: 'Any' },
            { value: 'error', label: 'Error' },
            { value: 'ok', label: 'Ok' },
            { value: 'unset', label: 'Unset' },
          ]}
          onChange={(event) => set({ status: event.currentTarget.value })}
        />
        <TextInput label="Lasts at least" placeholder="100ms" value={fields.least} error={wrong(fields.least)} onChange={(event) => set({ least: event.currentTarget.value.trim() })} />
        <TextInput label="Lasts at most" placeholder="2s" value={fields.most} error={wrong(fields.most)} onChange={(event) => set({ most: event.currentTarget.value.trim() })} />
      </div>
      {fields.conditions.map((condition, index) => (
        <div key={index} className="search-condition" role="group" aria-label={`Attribute ${index + 1}`}>
          <TextInput aria-label={`Name of attribute ${index + 1}`} placeholder="span.http.route" list={keys} value={condition.key} onFocus={() => setNamed(true)} onChange={(event) => setCondition(index, { key: event.currentTarget.value })} autoComplete="off" />
          <NativeSelect aria-label={`Comparison of attribute ${index + 1}`} value={condition.comparison} data={[...comparisons]} onChange={(event) => setCondition(index, { comparison: event.currentTarget.value as Comparison })} />
          <ValueField label={`Value of attribute ${index + 1}`} hidden tag={condition.key.trim()} query={ofService} value={condition.value} placeholder="Value" {...shared} onChange={(value) => setCondition(index, { value })} />
          <ActionIcon aria-label={`Remove attribute ${index + 1}`} onClick={() => set({ conditions: fields.conditions.filter((_, at) => at !== index) })}>
            <Icon name="close" />
          </ActionIcon>
        </div>
      ))}
      <datalist id={keys}>
        {offered.slice(0, mostOffered).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <div className="row wrap">
        <Button type="submit" leftSection={<Icon name="search" size={13} />}>
          Search
        </Button>
        <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => set({ conditions: [...fields.conditions, { key: '', comparison: '=', value: '' }] })}>
          Attribute
        </Button>
        <span className="dim search-written">
          In TraceQL <code className="search-text">{writeForm(fields)}</code>
        </span>
      </div>
    </form>
  );
}
