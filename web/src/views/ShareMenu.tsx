import { Button, Popover, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../parts/Icon';
import type { ExploreState } from '../url/explore';
import { writeExplore } from '../url/explore';

/** Links to what is shown, following the present or fixed at this moment. */
export function ShareMenu({ state }: { state: ExploreState }) {
  const [opened, setOpened] = useState(false);
  const [now, setNow] = useState(0);
  const [copied, setCopied] = useState('');
  const address = (next: ExploreState) => `${location.origin}/explore?${writeExplore(next)}`;
  const links: [string, string][] = [['Link', address(state)]];
  if (state.end === null) links.push(['Link to this moment', address({ ...state, end: now })]);
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
    } catch {
      // Without HTTPS the browser lends no clipboard; the selected text can be copied by hand.
      setCopied('');
    }
  };
  return (
    <Popover opened={opened} onChange={setOpened} width={360} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon name="link" size={13} />}
          onClick={() => {
            setNow(Math.floor(Date.now() / 1000));
            setCopied('');
            setOpened(!opened);
          }}
        >
          Share
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          {links.map(([name, link]) => (
            <div key={name} className="row" style={{ alignItems: 'flex-end' }}>
              <TextInput className="grow" label={name} readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
              <Button variant="default" onClick={() => void copy(link)}>
                {copied === link ? 'Copied' : 'Copy'}
              </Button>
            </div>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
