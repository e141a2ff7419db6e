import { ActionIcon, Button, Checkbox, Popover, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Icon } from '../../../parts/Icon';
import type { Column } from './columns';
import { choicesOf, mostChoices } from './rows';

interface Props {
  column: Column;
  length: number;
  chosen: readonly string[] | undefined;
  onChoose: (texts: readonly string[] | undefined) => void;
}

/** Texts that are drawn at once; the field above narrows them. */
const mostDrawn = 200;

/** Chooses which values of a column are let through. */
export function ColumnFilter({ column, length, chosen, onChoose }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" withinPortal trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon size="xs" aria-label={`Filter ${column.name}`} aria-expanded={open} title={chosen ? `${chosen.length} values are let through` : 'Filter'} onClick={() => setOpen(!open)} color={chosen ? 'petrol' : 'gray'} variant={chosen ? 'light' : 'subtle'}>
          <Icon name="search" size={11} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        {open && <Choices column={column} length={length} chosen={chosen} onChoose={onChoose} onClose={() => setOpen(false)} />}
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices({ column, length, chosen, onChoose, onClose }: Props & { onClose: () => void }) {
  const { texts, more } = useMemo(() => choicesOf(column.field, length), [column.field, length]);
  const [search, setSearch] = useState('');
  const [marked, setMarked] = useState<ReadonlySet<string>>(() => new Set(chosen ?? []));
  const found = texts.filter((text) => text.toLowerCase().includes(search.toLowerCase()));
  return (
    <div className="table-filter">
      <TextInput type="search" aria-label="Search values" placeholder="Search values" value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
      <div className="table-choices" role="group" aria-label={`Values of ${column.name}`}>
        {found.slice(0, mostDrawn).map((text) => (
          <Checkbox
            key={text}
            label={text === '' ? '(empty)' : text}
            checked={marked.has(text)}
            onChange={() =>
              setMarked((before) => {
                const next = new Set(before);
                if (!next.delete(text)) next.add(text);
                return next;
              })
            }
          />
        ))}
        {found.length === 0 && <span className="dim">No value matches.</span>}
      </div>
      {(more || found.length > mostDrawn) && <span className="dim">{more ? `The first ${mostChoices.toLocaleString('en')} values; ` : ''}search to see others.</span>}
      <div className="row">
        <Button
          size="compact-xs"
          onClick={() => {
            onChoose(marked.size === 0 ? undefined : [...marked]);
            onClose();
          }}
        >
          Apply
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => setMarked(new Set([...marked, ...found]))}>
          Select all
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          onClick={() => {
            onChoose(undefined);
            onClose();
          }}
        >
          Clear
        </Button>
      </div>
    </div>
  );
}
