import { ActionIcon, Menu } from '@mantine/core';
import { Icon } from '../../parts/Icon';
import type { Section } from '../variables';
import type { Draft } from './draft';
import { changePanel, moveRow, removePanel } from './operations';

/** What can be done with a row. */
export function RowMenu({ section, title, draft }: { section: Section; title: string; draft: Draft }) {
  const id = section.row!.panel.id;
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon size={24} aria-label={`Menu of the row ${title}`}>
          <Icon name="menuDots" size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          onClick={() => {
            const next = window.prompt('Title of the row', section.row!.panel.title ?? '');
            if (next !== null) draft.change((before) => changePanel(before, id, (row) => ({ ...row, title: next })));
          }}
        >
          Rename
        </Menu.Item>
        <Menu.Item onClick={() => draft.change((before) => moveRow(before, id, -1))}>Move up</Menu.Item>
        <Menu.Item onClick={() => draft.change((before) => moveRow(before, id, 1))}>Move down</Menu.Item>
        <Menu.Item onClick={() => draft.change((before) => changePanel(before, id, (row) => ({ ...row, collapsed: !section.isCollapsed })))}>{section.isCollapsed ? 'Save unfolded' : 'Save folded'}</Menu.Item>
        <Menu.Item onClick={() => draft.change((before) => removePanel(before, id))}>Remove, keep its panels</Menu.Item>
        <Menu.Item color="red" onClick={() => draft.change((before) => removePanel(before, id, false))}>
          Remove with its panels
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
