import { ActionIcon, Menu, Button } from '@mantine/core';
import { Icon } from '../../parts/Icon';
import type { JsonObject, Transformation } from '../model';
import { JsonField } from './JsonField';

/** What can be added, with options to begin from. */
export const beginnings: { id: string; name: string; options: JsonObject }[] = [
  { id: 'organize', name: 'Order, hide and rename fields', options: { excludeByName: {}, indexByName: {}, renameByName: {} } },
  { id: 'joinByField', name: 'Join by a field', options: { byField: 'Time', mode: 'outer' } },
  { id: 'groupBy', name: 'Group by', options: { fields: { Value: { operation: 'aggregate', aggregations: ['sum'] } } } },
  { id: 'extractFields', name: 'Fields out of a text', options: { source: 'Line', format: 'auto' } },
  { id: 'filterFieldsByName', name: 'Keep fields by name', options: { include: { names: [] } } },
  { id: 'merge', name: 'Merge into one table', options: {} },
  { id: 'calculateField', name: 'Add a calculated field', options: { mode: 'binary', binary: { left: '', operator: '+', right: '' }, alias: 'Total' } },
  { id: 'reduce', name: 'Reduce', options: { reducers: ['lastNotNull'], mode: 'seriesToRows' } },
  { id: 'sortBy', name: 'Sort', options: { fields: {}, sort: [{ field: 'Value', desc: true }] } },
  { id: 'limit', name: 'Limit', options: { limitField: 10 } },
  { id: 'renameByRegex', name: 'Rename by pattern', options: { regex: '(.*)', renamePattern: '$1' } },
  { id: 'labelsToFields', name: 'Labels to fields', options: { mode: 'columns' } },
  { id: 'seriesToRows', name: 'Series to rows', options: {} },
  { id: 'filterByValue', name: 'Filter by value', options: { type: 'include', match: 'any', filters: [{ fieldName: 'Value', config: { id: 'greater', options: { value: 0 } } }] } },
  { id: 'filterByRefId', name: 'Keep queries', options: { include: 'A' } },
  { id: 'convertFieldType', name: 'Change types', options: { conversions: [{ targetField: 'Value', destinationType: 'number' }] } },
  { id: 'concatenate', name: 'Concatenate', options: { frameNameMode: 'drop' } },
  { id: 'rowsToFields', name: 'Rows to fields', options: {} },
];
const nameOf = new Map(beginnings.map(({ id, name }) => [id, name]));

/** What is done with the data between the queries and the panel, in this order. */
export function Transformations({ value, onChange }: { value: Transformation[]; onChange: (next: Transformation[]) => void }) {
  const change = (index: number, next: Transformation) => onChange(value.map((each, at) => (at === index ? next : each)));
  const swap = (index: number, other: number) => {
    const next = [...value];
    [next[index], next[other]] = [next[other]!, next[index]!];
    onChange(next);
  };
  return (
    <div className="stack">
      {value.length === 0 && <p className="dim">The panel shows what its queries give.</p>}
      {value.map((each, index) => {
        const name = nameOf.get(each.id) ?? each.id;
        return (
          <div key={index} className="override">
            <div className="option-row">
              <strong className="grow">
                {index + 1}. {name}
                {each.disabled && <span className="dim"> (off)</span>}
              </strong>
              <ActionIcon disabled={index === 0} aria-label={`${name}: earlier`} title="Earlier" onClick={() => swap(index, index - 1)}>
                <Icon name="up" size={13} />
              </ActionIcon>
              <ActionIcon aria-label={each.disabled ? `${name}: on` : `${name}: off`} title={each.disabled ? 'On' : 'Off'} onClick={() => change(index, { ...each, disabled: !each.disabled })}>
                <Icon name={each.disabled ? 'eyeOff' : 'eye'} size={13} />
              </ActionIcon>
              <ActionIcon aria-label={`Remove ${name}`} title="Remove" onClick={() => onChange(value.filter((_, at) => at !== index))}>
                <Icon name="close" size={13} />
              </ActionIcon>
            </div>
            <JsonField key={each.id} label="Options" value={each.options ?? {}} onChange={(options) => change(index, { ...each, options })} />
          </div>
        );
      })}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }}>
            Transformation
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
          {beginnings.map(({ id, name, options }) => (
            <Menu.Item key={id} onClick={() => onChange([...value, { id, options }])}>
              {name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
