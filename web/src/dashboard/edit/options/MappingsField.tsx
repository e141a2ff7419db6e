import { ActionIcon, Button, Menu, NativeSelect, TextInput } from '@mantine/core';
import { Icon } from '../../../parts/Icon';
import type { MappingResult, ValueMapping } from '../../model';
import { ColorField } from './ColorField';
import { NumberField } from './NumberField';

type Row =
  | { type: 'value'; match: string; result: MappingResult }
  | { type: 'range'; from: number | null; to: number | null; result: MappingResult }
  | { type: 'regex'; pattern: string; result: MappingResult }
  | { type: 'special'; match: string; result: MappingResult };

const specials = [
  { value: 'null', label: 'Nothing' },
  { value: 'nan', label: 'Not a number' },
  { value: 'null+nan', label: 'Nothing or not a number' },
  { value: 'true', label: 'True' },
  { value: 'false', label: 'False' },
  { value: 'empty', label: 'Empty text' },
];

/** One row for each text, in the order in which they hold. */
export function rowsOf(mappings: readonly ValueMapping[]): Row[] {
  const rows = mappings.flatMap((mapping): Row[] => {
    switch (mapping.type) {
      case 'value':
        return Object.entries(mapping.options).map(([match, result]) => ({ type: 'value', match, result }));
      case 'range':
        return [{ type: 'range', from: mapping.options.from, to: mapping.options.to, result: mapping.options.result }];
      case 'regex':
        return [{ type: 'regex', pattern: mapping.options.pattern, result: mapping.options.result }];
      case 'special':
        return [{ type: 'special', match: mapping.options.match, result: mapping.options.result }];
    }
  });
  return rows.map((row, index) => [row, row.result.index ?? index] as const).sort((a, b) => a[1] - b[1]).map(([row]) => row);
}

/** The rows as Grafana keeps them: each with its place in the order. */
export const mappingsOf = (rows: readonly Row[]): ValueMapping[] =>
  rows.map((row, index): ValueMapping => {
    const result = { ...row.result, index };
    switch (row.type) {
      case 'value':
        return { type: 'value', options: { [row.match]: result } };
      case 'range':
        return { type: 'range', options: { from: row.from, to: row.to, result } };
      case 'regex':
        return { type: 'regex', options: { pattern: row.pattern, result } };
      case 'special':
        return { type: 'special', options: { match: row.match as 'null', result } };
    }
  });

const begin: Record<Row['type'], Row> = {
  value: { type: 'value', match: '', result: {} },
  range: { type: 'range', from: 0, to: 1, result: {} },
  regex: { type: 'regex', pattern: '', result: {} },
  special: { type: 'special', match: 'null', result: {} },
};

/** Texts and colours that stand for values. */
export function MappingsField({ value, onChange }: { value: ValueMapping[]; onChange: (next: ValueMapping[]) => void }) {
  const rows = rowsOf(value);
  const put = (next: Row[]) => onChange(mappingsOf(next));
  const change = (index: number, row: Row) => put(rows.map((each, at) => (at === index ? row : each)));
  return (
    <div className="stack tight" role="group" aria-label="Texts for values">
      {rows.map((row, index) => {
        const nth = `text ${index + 1}`;
        return (
          <div key={index} className="option-row">
            {row.type === 'value' && <TextInput aria-label={`Value of ${nth}`} placeholder="Value" value={row.match} onChange={(event) => change(index, { ...row, match: event.currentTarget.value })} />}
            {row.type === 'regex' && <TextInput aria-label={`Pattern of ${nth}`} placeholder="/pattern/" value={row.pattern} onChange={(event) => change(index, { ...row, pattern: event.currentTarget.value })} />}
            {row.type === 'special' && <NativeSelect aria-label={`Kind of ${nth}`} data={specials} value={row.match} onChange={(event) => change(index, { ...row, match: event.currentTarget.value })} />}
            {row.type === 'range' && (
              <>
                <NumberField label={`From, ${nth}`} value={row.from} onChange={(from) => change(index, { ...row, from: from ?? null })} />
                <NumberField label={`To, ${nth}`} value={row.to} onChange={(to) => change(index, { ...row, to: to ?? null })} />
              </>
            )}
            <TextInput aria-label={`Shown for ${nth}`} placeholder="Text" value={row.result.text ?? ''} onChange={(event) => change(index, { ...row, result: { ...row.result, text: event.currentTarget.value } })} />
            <ColorField bare label={`Colour of ${nth}`} value={row.result.color ?? ''} onChange={(color) => change(index, { ...row, result: { ...row.result, color } })} />
            <ActionIcon aria-label={`Remove ${nth}`} onClick={() => put(rows.filter((_, at) => at !== index))}>
              <Icon name="close" size={13} />
            </ActionIcon>
          </div>
        );
      })}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }}>
            Text for …
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => put([...rows, begin.value])}>a value</Menu.Item>
          <Menu.Item onClick={() => put([...rows, begin.range])}>a range</Menu.Item>
          <Menu.Item onClick={() => put([...rows, begin.regex])}>a pattern</Menu.Item>
          <Menu.Item onClick={() => put([...rows, begin.special])}>nothing, not a number, …</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
