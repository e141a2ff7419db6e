import { Menu } from '@mantine/core';
import { Icon } from '../../parts/Icon';
import type { Draft } from './draft';
import { duplicatePanel, removePanel } from './operations';

/** What can be done with a panel's place in the dashboard. */
export function PanelItems({ id, draft }: { id: number; draft: Draft }) {
  return (
    <>
      <Menu.Item leftSection={<Icon name="copy" size={13} />} onClick={() => draft.change((before) => duplicatePanel(before, id)?.dashboard ?? before)}>
        Duplicate
      </Menu.Item>
      <Menu.Item color="red" leftSection={<Icon name="close" size={13} />} onClick={() => draft.change((before) => removePanel(before, id))}>
        Remove
      </Menu.Item>
    </>
  );
}
