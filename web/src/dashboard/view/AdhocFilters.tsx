import { ActionIcon, Autocomplete, Button, NativeSelect, Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useState } from 'react';
import { request } from '../../api/request';
import { Icon } from '../../parts/Icon';
import type { AdhocFilter } from '../variables';

interface Props {
  label: string;
  /** The language that the conditions are put into. */
  language: 'promql' | 'logql' | 'traceql';
  filters: readonly AdhocFilter[];
  onChange: (filters: AdhocFilter[]) => void;
}

const operators = ['=', '!=', '=~', '!~'];
/** The most names or values that are offered. */
const offered = 200;
const roots = { promql: '/api/v1', logql: '/loki/api/v1' } as const;

async function names(language: Props['language'], signal: AbortSignal): Promise<string[]> {
  if (language === 'traceql') return [];
  return (await request<{ data: string[] | null }>(`${roots[language]}/labels`, { signal })).data ?? [];
}

async function values(language: Props['language'], name: string, signal: AbortSignal): Promise<string[]> {
  if (language === 'traceql') return [];
  return (await request<{ data: string[] | null }>(`${roots[language]}/label/${encodeURIComponent(name)}/values`, { signal })).data ?? [];
}

/** Conditions that are put into every query of a data source. */
export function AdhocFilters({ label, language, filters, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <div className="adhoc" role="group" aria-label={label}>
      {filters.map((filter, index) => {
        const text = `${filter.key} ${filter.operator} ${(filter.values ?? [filter.value]).join(', ')}`;
        return (
          <span key={index} className="tag adhoc-tag">
            {text}
            <ActionIcon size={16} aria-label={`Take away ${text}`} onClick={() => onChange(filters.filter((_, at) => at !== index))}>
              <Icon name="close" size={11} />
            </ActionIcon>
          </span>
        );
      })}
      <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus shadow="md" width={280}>
        <Popover.Target>
          <ActionIcon variant="default" size={30} aria-label={`Add a condition to ${label}`} title="Add a condition" onClick={() => setOpened(!opened)}>
            <Icon name="plus" size={13} />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown>
          <FilterForm
            language={language}
            onAdd={(filter) => {
              setOpened(false);
              onChange([...filters, filter]);
            }}
          />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

function FilterForm({ language, onAdd }: { language: Props['language']; onAdd: (filter: AdhocFilter) => void }) {
  const [key, setKey] = useState('');
  const [operator, setOperator] = useState('=');
  const [value, setValue] = useState('');
  const wanted = key.trim();
  const { data: allNames } = useQuery({ queryKey: ['labels', language], queryFn: ({ signal }) => names(language, signal), staleTime: 60_000, refetchInterval: false });
  const { data: allValues } = useQuery({ queryKey: ['labels', language, wanted], queryFn: ({ signal }) => values(language, wanted, signal), staleTime: 60_000, refetchInterval: false, enabled: allNames?.includes(wanted) ?? false });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted !== '') onAdd({ key: wanted, operator, value });
  };
  return (
    <form className="stack tight" onSubmit={submit}>
      <Autocomplete label="Label" size="xs" data={allNames?.filter((name) => name !== '__name__') ?? []} value={key} onChange={setKey} limit={offered} comboboxProps={{ withinPortal: false }} data-autofocus />
      <NativeSelect label="Must be" data={operators} value={operator} onChange={(event) => setOperator(event.currentTarget.value)} />
      <Autocomplete label="Value" size="xs" data={[...new Set(allValues ?? [])]} value={value} onChange={setValue} limit={offered} comboboxProps={{ withinPortal: false }} />
      <Button type="submit" disabled={wanted === ''}>
        Add
      </Button>
    </form>
  );
}
