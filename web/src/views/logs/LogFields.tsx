import { ActionIcon } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DetectedField } from '../../api/loki';
import { detectedFields, detectedValues, series } from '../../api/loki';
import { selectorOf } from '../../logs/edit';
import { Loading } from '../../parts/Answer';
import { Icon } from '../../parts/Icon';
import type { FilterBy } from './Logs';

interface Props {
  query: string;
  span: { start: bigint; end: bigint };
  runs: number;
  onFilter: (filter: FilterBy) => void;
}

/** What lines can be filtered by: labels of the streams, and fields found in the newest lines, with how many values they have. */
export function LogFields({ query, span, runs, onFilter }: Props) {
  const selector = selectorOf(query);
  const key = [query, String(span.start), String(span.end), runs];
  const streams = useQuery({ queryKey: ['logs', 'labels', ...key], enabled: selector !== null, retry: false, queryFn: ({ signal }) => series(selector!, span.start, span.end, signal) });
  const fields = useQuery({ queryKey: ['logs', 'fields', ...key], retry: false, queryFn: ({ signal }) => detectedFields(query, span.start, span.end, signal) });
  const labels = countValues(streams.data ?? []);
  return (
    <nav className="log-fields panel" aria-label="Fields">
      <h2>Labels</h2>
      {streams.isPending && <Loading lines={3} />}
      <ul>
        {labels.map(([name, values]) => (
          <Field key={name} name={name} count={values.length} values={values} onFilter={(value, negated) => onFilter({ where: 'stream', name, value, negated })} />
        ))}
      </ul>
      <h2>Fields</h2>
      {fields.error ? <p className="dim">Not known: the query fails.</p> : fields.isPending ? <Loading lines={4} /> : fields.data.length === 0 && <p className="dim">No field was found in the newest lines.</p>}
      <ul>
        {(fields.data ?? []).map((field) => (
          <Detected key={field.label} field={field} query={query} span={span} onFilter={onFilter} />
        ))}
      </ul>
    </nav>
  );
}

/** For each label, its values with the number of streams, most first. */
function countValues(streams: Record<string, string>[]): [string, [string, number][]][] {
  const all = new Map<string, Map<string, number>>();
  for (const stream of streams) {
    for (const [name, value] of Object.entries(stream)) {
      const values = all.get(name) ?? new Map<string, number>();
      values.set(value, (values.get(value) ?? 0) + 1);
      all.set(name, values);
    }
  }
  return [...all].sort(([a], [b]) => a.localeCompare(b)).map(([name, values]) => [name, [...values].sort((a, b) => b[1] - a[1])]);
}

function Detected({ field, query, span, onFilter }: { field: DetectedField; query: string; span: Props['span']; onFilter: Props['onFilter'] }) {
  const [open, setOpen] = useState(false);
  const values = useQuery({
    queryKey: ['logs', 'field', field.label, query, String(span.start), String(span.end)],
    enabled: open,
    queryFn: ({ signal }) => detectedValues(field.label, query, span.start, span.end, signal),
  });
  const parser = field.parsers?.[0];
  return (
    <Field
      name={field.label}
      count={field.cardinality}
      kind={field.type}
      values={(values.data ?? []).map((value) => [value, null])}
      busy={open && values.isPending}
      onOpen={setOpen}
      onFilter={(value, negated) => onFilter({ where: parser ? 'parsed' : 'metadata', name: field.label, value, negated, parser })}
    />
  );
}

interface FieldProps {
  name: string;
  count: number;
  kind?: string;
  values: [string, number | null][];
  busy?: boolean;
  onOpen?: (open: boolean) => void;
  onFilter: (value: string, negated: boolean) => void;
}

function Field({ name, count, kind, values, busy = false, onOpen, onFilter }: FieldProps) {
  return (
    <li>
      <details onToggle={(event) => onOpen?.(event.currentTarget.open)}>
        <summary>
          <span className="grow">{name}</span>
          {kind && kind !== 'string' && <span className="dim">{kind}</span>}
          <span className="dim num" title={`${count} values`}>
            {count.toLocaleString('en')}
          </span>
        </summary>
        {busy && <Loading lines={2} />}
        <ul>
          {values.slice(0, 20).map(([value, streams]) => (
            <li key={value} className="field-value">
              <button type="button" className="plain-button grow" onClick={() => onFilter(value, false)} title={`Only lines with ${name}=${value}`}>
                {value}
              </button>
              {streams !== null && <span className="dim num">{streams}</span>}
              <ActionIcon size="xs" onClick={() => onFilter(value, true)} aria-label={`No lines with ${name}=${value}`} title="No lines with this value">
                <Icon name="close" size={10} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
