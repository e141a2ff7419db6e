import { Button, Menu } from '@mantine/core';
import { Icon } from '../../parts/Icon';
import type { Draft } from './draft';
import './edit.css';
import { addPanel, addRow, newPanel } from './operations';

interface Props {
  draft: Draft;
  onPanel: (id: number) => void;
  onSettings: () => void;
  onSave: () => void;
  onLeave: () => void;
}

const text = { type: 'text', title: '', options: { mode: 'markdown', content: 'What this dashboard is for' } };

/** What can be done with a dashboard that is being changed. */
export function EditBar({ draft, onPanel, onSettings, onSave, onLeave }: Props) {
  const add = (panel: Parameters<typeof addPanel>[1], open: boolean) => {
    const { dashboard, id } = addPanel(draft.dashboard, panel);
    draft.change(() => dashboard);
    if (open) onPanel(id);
  };
  return (
    <div className="edit-bar" role="toolbar" aria-label="Editing">
      <Menu position="bottom-start" shadow="md">
        <Menu.Target>
          <Button variant="default" leftSection={<Icon name="plus" size={13} />}>
            Add
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => add(newPanel(), true)}>Panel</Menu.Item>
          <Menu.Item onClick={() => add(text, false)}>Text</Menu.Item>
          <Menu.Item onClick={() => draft.change((before) => addRow(before, 'New row'))}>Row</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button variant="default" onClick={onSettings}>
        Settings
      </Button>
      <Button variant="default" disabled={!draft.canUndo} onClick={draft.undo}>
        Undo
      </Button>
      <Button variant="default" disabled={!draft.canRedo} onClick={draft.redo}>
        Redo
      </Button>
      <span className="grow dim">{draft.isChanged ? 'The draft is not saved yet.' : 'Drag panels by their handle, resize them at their corner.'}</span>
      <Button disabled={!draft.isChanged} onClick={onSave}>
        Save
      </Button>
      <Button variant="default" onClick={onLeave}>
        {draft.isChanged ? 'Discard' : 'Done'}
      </Button>
    </div>
  );
}
