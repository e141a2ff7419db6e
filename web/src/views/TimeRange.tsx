import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import { useState } from 'react';
import { parseDuration, formatDuration } from '../format/duration';
import { exactTime, inputTime } from '../format/time';
import { Icon } from '../parts/Icon';

interface Props {
  range: number;
  end: number | null;
  /** For the table only the end counts. */
  instant: boolean;
  onChange: (next: { range?: number; end?: number | null }) => void;
}

const presets = ['5m', '15m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d'];
const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Range and end of what is shown: presets, exact times, shifting and widening. */
export function TimeRange({ range, end, instant, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  const shift = (direction: number) => {
    const next = (end ?? nowSeconds()) + direction * (range / 2);
    onChange({ end: next >= nowSeconds() ? null : Math.round(next) });
  };
  const name = instant ? (end === null ? 'Now' : exactTime(new Date(end * 1000))) : end === null ? `Last ${formatDuration(range)}` : `${exactTime(new Date((end - range) * 1000))} – ${exactTime(new Date(end * 1000))}`;
  return (
    <div className="row" role="group" aria-label="Time range" style={{ gap: '0.125rem' }}>
      <ActionIcon onClick={() => shift(-1)} aria-label="Earlier" title="Earlier by half the range">
        <Icon name="left" />
      </ActionIcon>
      <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus>
        <Popover.Target>
          <Button variant="default" leftSection={<Icon name="clock" size={13} />} onClick={() => setOpened(!opened)} className="num">
            {name}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <TimeForm
            range={range}
            end={end}
            onChange={(next) => {
              setOpened(false);
              onChange(next);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <ActionIcon onClick={() => shift(1)} disabled={end === null} aria-label="Later" title="Later by half the range">
        <Icon name="right" />
      </ActionIcon>
      {!instant && (
        <Button variant="subtle" color="gray" size="compact-sm" onClick={() => onChange({ range: Math.min(range * 2, 315_360_000) })} title="Twice the range">
          Zoom out
        </Button>
      )}
      {end !== null && (
        <Button variant="subtle" color="gray" size="compact-sm" onClick={() => onChange({ end: null })}>
          Now
        </Button>
      )}
    </div>
  );
}

function TimeForm({ range, end, onChange }: Omit<Props, 'instant'>) {
  const [opened] = useState(nowSeconds);
  const last = end ?? opened;
  const [from, setFrom] = useState(inputTime(new Date((last - range) * 1000)));
  const [to, setTo] = useState(inputTime(new Date(last * 1000)));
  const [length, setLength] = useState(formatDuration(range));
  const begin = Date.parse(from) / 1000;
  const finish = Date.parse(to) / 1000;
  const wrong = !(finish > begin);
  const wrongLength = parseDuration(length) === null;
  return (
    <div className="time-popover">
      <div className="presets" role="group" aria-label="Up to now">
        {presets.map((preset) => (
          <Button key={preset} variant={end === null && formatDuration(range) === preset ? 'light' : 'subtle'} color="gray" size="compact-sm" justify="flex-start" onClick={() => onChange({ range: parseDuration(preset)!, end: null })}>
            Last {preset}
          </Button>
        ))}
      </div>
      <div className="stack">
        <form
          className="stack tight"
          onSubmit={(event) => {
            event.preventDefault();
            if (!wrong) onChange({ range: finish - begin, end: finish });
          }}
        >
          <TextInput type="datetime-local" step={1} label="From" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
          <TextInput type="datetime-local" step={1} label="To" value={to} onChange={(event) => setTo(event.currentTarget.value)} error={wrong ? 'Must be after the beginning' : undefined} />
          <Button type="submit" variant="default" disabled={wrong}>
            Use these times
          </Button>
        </form>
        <form
          className="stack tight"
          onSubmit={(event) => {
            event.preventDefault();
            const seconds = parseDuration(length);
            if (seconds !== null) onChange({ range: seconds });
          }}
        >
          <TextInput label="Length" value={length} onChange={(event) => setLength(event.currentTarget.value)} error={wrongLength ? 'Such as 90m or 1h30m' : undefined} />
          <Button type="submit" variant="default" disabled={wrongLength}>
            Use this length
          </Button>
        </form>
      </div>
    </div>
  );
}
