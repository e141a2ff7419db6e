import { ActionIcon, Button, Popover, Select, TextInput } from '@mantine/core';
import type { FormEvent } from 'react';
import { useMemo, useState } from 'react';
import { Icon } from '../../parts/Icon';
import type { TimeSpan } from '../panel';
import type { Calendar, RawRange } from '../time';
import { describeRange, isRelative, parseTime, quickRanges, rangeOf, zonedTime, zoneOf } from '../time';
import { shifted, zoomedOut } from './shift';

interface Props {
  raw: RawRange;
  span: TimeSpan;
  /** As the dashboard or the address writes it: `browser`, `utc` or a name. */
  zoneSetting: string;
  zone: string;
  calendar: Calendar;
  now: () => number;
  onRange: (raw: RawRange) => void;
  onZone: (setting: string) => void;
}

/** The range of time that a dashboard shows: quick ranges, expressions, dates, zone; earlier, later, wider. */
export function TimePicker(props: Props) {
  const { raw, span, zone, now, onRange } = props;
  const [opened, setOpened] = useState(false);
  return (
    <div className="row dash-time" role="group" aria-label="Time range">
      <ActionIcon variant="default" size={30} onClick={() => onRange(shifted(span, -1))} aria-label="Earlier" title="Earlier by half the range (t ←)">
        <Icon name="left" />
      </ActionIcon>
      <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus shadow="md" withinPortal>
        <Popover.Target>
          <Button variant="default" leftSection={<Icon name="clock" size={13} />} onClick={() => setOpened(!opened)} className="num" title={`${zonedTime(span.from, zone)} to ${zonedTime(span.to, zone)} (${zone})`}>
            {describeRange(raw, zone)}
            {zone !== zoneOf('browser') && <span className="dim dash-zone">{zone}</span>}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <TimeForm
            {...props}
            onRange={(next) => {
              setOpened(false);
              onRange(next);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <ActionIcon variant="default" size={30} onClick={() => onRange(shifted(span, 1))} aria-label="Later" title="Later by half the range (t →)">
        <Icon name="right" />
      </ActionIcon>
      <ActionIcon variant="default" size={30} onClick={() => onRange(zoomedOut(raw, span, now()))} aria-label="Zoom out" title="Twice the range (t z)">
        <Icon name="zoomOut" />
      </ActionIcon>
    </div>
  );
}

/** A side of the range as it is edited: expressions stay, milliseconds become a date of the zone. */
const editable = (text: string, zone: string, at: number) => (isRelative(text) ? text : zonedTime(at, zone));
/** Dates leave as milliseconds, so that a link means the same in another zone. */
function written(text: string, zone: string, calendar: Calendar, isEnd: boolean): string {
  const trimmed = text.trim();
  if (isRelative(trimmed)) return trimmed;
  const moment = parseTime(trimmed, 0, zone, isEnd, calendar);
  return moment.ms === undefined ? trimmed : String(moment.ms);
}

function TimeForm({ raw, span, zoneSetting, zone, calendar, now, onRange, onZone }: Props) {
  const [from, setFrom] = useState(() => editable(raw.from, zone, span.from));
  const [to, setTo] = useState(() => editable(raw.to, zone, span.to));
  const [search, setSearch] = useState('');
  const [opened] = useState(now);
  const begin = parseTime(from, opened, zone, false, calendar);
  const end = parseTime(to, opened, zone, true, calendar);
  const both = rangeOf({ from, to }, opened, zone, calendar);
  const shown = quickRanges.filter(({ name }) => search.trim().toLowerCase().split(/\s+/).every((word) => name.toLowerCase().includes(word)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (both.span) onRange({ from: written(from, zone, calendar, false), to: written(to, zone, calendar, true) });
  };
  return (
    <div className="dash-time-form">
      <form className="stack tight" onSubmit={submit}>
        <Side label="From" text={from} set={setFrom} at={begin.ms} error={begin.error} zone={zone} />
        <Side label="To" text={to} set={setTo} at={end.ms} error={end.error ?? (begin.error ? undefined : both.error)} zone={zone} />
        <Button type="submit" disabled={!both.span}>
          Use these times
        </Button>
        <ZoneSelect value={zoneSetting} onChange={onZone} />
      </form>
      <div className="stack tight">
        <TextInput
          aria-label="Search quick ranges"
          placeholder="Search quick ranges"
          leftSection={<Icon name="search" size={13} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && shown[0] && onRange({ from: shown[0].from, to: shown[0].to })}
        />
        <div className="quick-ranges" role="group" aria-label="Quick ranges">
          {shown.map((range) => {
            const here = range.from === raw.from && range.to === raw.to;
            return (
              <button key={range.name} type="button" aria-pressed={here} onClick={() => onRange({ from: range.from, to: range.to })}>
                {range.name}
              </button>
            );
          })}
          {shown.length === 0 && <span className="dim">No such range</span>}
        </div>
      </div>
    </div>
  );
}

function Side({ label, text, set, at, error, zone }: { label: string; text: string; set: (text: string) => void; at: number | undefined; error: string | undefined; zone: string }) {
  return (
    <div>
      <TextInput label={label} value={text} onChange={(event) => set(event.currentTarget.value)} error={error} spellCheck={false} autoComplete="off" />
      <TextInput
        type="datetime-local"
        step={1}
        mt={4}
        aria-label={`${label}, by the calendar`}
        value={at === undefined ? '' : zonedTime(at, zone).replace(' ', 'T')}
        onChange={(event) => event.currentTarget.value && set(event.currentTarget.value.replace('T', ' '))}
      />
    </div>
  );
}

function ZoneSelect({ value, onChange }: { value: string; onChange: (setting: string) => void }) {
  const data = useMemo(
    () => [{ value: 'browser', label: `Browser’s time (${zoneOf('browser')})` }, { value: 'utc', label: 'UTC' }, ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC').map((name) => ({ value: name, label: name }))],
    [],
  );
  return <Select label="Time zone" data={data} value={value || 'browser'} onChange={(next) => next && onChange(next)} searchable allowDeselect={false} limit={200} maxDropdownHeight={220} nothingFoundMessage="No such zone" comboboxProps={{ withinPortal: false }} />;
}
