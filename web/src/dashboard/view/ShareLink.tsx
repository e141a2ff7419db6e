import { Button, Popover, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../parts/Icon';

/** A link to what is shown, with the range fixed if that is wanted. */
export function ShareLink({ address, relative }: { address: (fixed: boolean) => string; relative: boolean }) {
  const [opened, setOpened] = useState(false);
  const [fixed, setFixed] = useState(true);
  const [copied, setCopied] = useState('');
  const link = opened ? address(fixed && relative) : '';
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      setCopied(link);
    } catch {
      // Without HTTPS the browser lends no clipboard; the selected text can be copied by hand.
      setCopied('');
    }
  };
  return (
    <Popover opened={opened} onChange={setOpened} width={380} position="bottom-end" trapFocus shadow="md">
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="link" size={13} />} onClick={() => setOpened(!opened)}>
          Share
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          {relative && <Switch label="Fix the range of time at this moment" checked={fixed} onChange={(event) => setFixed(event.currentTarget.checked)} />}
          <div className="row" style={{ alignItems: 'flex-end' }}>
            <TextInput className="grow" label="Link" readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
            <Button variant="default" onClick={() => void copy()}>
              {copied === link ? 'Copied' : 'Copy'}
            </Button>
          </div>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
