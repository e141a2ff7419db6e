import { Button, Popover, TextInput, useComputedColorScheme } from '@mantine/core';
import { useState } from 'react';
import { colorOf } from '../../display';

const hues = ['red', 'orange', 'yellow', 'green', 'blue', 'purple'];
const shades = ['dark-', 'semi-dark-', '', 'light-', 'super-light-'];
const others = ['text', 'transparent', '#808080'];

/** One of Grafana's named colours, or any other. */
export function ColorField({ label, value, onChange, bare = false }: { label: string; value: string; onChange: (value: string) => void; bare?: boolean }) {
  const [opened, setOpened] = useState(false);
  const isDark = useComputedColorScheme('light') === 'dark';
  const swatch = (name: string) => (
    <button key={name} type="button" className="color-choice" aria-label={name} title={name} aria-pressed={name === value} style={{ background: colorOf(name, isDark) }} onClick={() => (onChange(name), setOpened(false))} />
  );
  return (
    <div>
      {!bare && <div className="option-label">{label}</div>}
      <Popover opened={opened} onChange={setOpened} trapFocus position="bottom-start">
        <Popover.Target>
          <Button variant="default" size="xs" aria-label={`${label}: ${value || 'not chosen'}`} onClick={() => setOpened(!opened)} leftSection={<span className="color-swatch" style={{ background: value ? colorOf(value, isDark) : 'transparent' }} />}>
            {bare ? '' : value || 'Choose'}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <div className="color-grid" role="group" aria-label="Colours">
            {hues.flatMap((hue) => shades.map((shade) => swatch(`${shade}${hue}`)))}
            {others.map(swatch)}
          </div>
          <TextInput label="Or as CSS" value={value} onChange={(event) => onChange(event.currentTarget.value)} placeholder="#3a7bd5" />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}
