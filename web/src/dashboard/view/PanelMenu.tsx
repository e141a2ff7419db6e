import { ActionIcon, Menu } from '@mantine/core';
import type { ReactNode } from 'react';
import { useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { Link } from 'wouter';
import { errorText } from '../../api/request';
import { Icon } from '../../parts/Icon';
import { copyText } from './copy-text';
import type { ExploreLink } from './explore-links';

interface Props {
  title: string;
  panelKey: string;
  viewed: boolean;
  /** Asked for when the menu opens. */
  explore: () => readonly ExploreLink[];
  /** The address of this panel alone. */
  share: () => string;
  onEdit?: () => void;
  /** More items, while the dashboard is being changed. */
  more?: ReactNode;
  onView: () => void;
  onInspect: () => void;
}

/** What can be done with a panel. Until it is first wanted it is a button alone: menus of many panels take long to make. */
export function PanelMenu({ title, panelKey, viewed, explore, share, onEdit, more, onView, onInspect }: Props) {
  const [isWanted, setWanted] = useState(false);
  const [opened, setOpened] = useState(false);
  const [links, setLinks] = useState<readonly ExploreLink[]>([]);
  const target = useRef<HTMLButtonElement>(null);
  const download = async () => {
    try {
      const { saveImage } = await import('./panel-image');
      await saveImage(document.getElementById(`panel-${panelKey}`)!, title);
    } catch (cause) {
      window.alert(`The image of ${title} could not be made: ${errorText(cause)}`);
    }
  };
  const change = (next: boolean) => {
    if (next) setLinks(explore());
    setOpened(next);
  };
  const want = () => {
    flushSync(() => setWanted(true));
    // The button that was pressed is gone; the focus comes back to the new one when the menu shuts.
    target.current?.focus({ preventScroll: true });
    change(true);
  };
  const button = (
    <ActionIcon ref={target} size={24} className="menu-button" aria-label={`Menu of ${title}`} {...(isWanted ? {} : { 'aria-haspopup': 'menu', 'aria-expanded': false, onClick: want })}>
      <Icon name="menuDots" size={14} />
    </ActionIcon>
  );
  if (!isWanted) return button;
  return (
    <Menu position="bottom-end" shadow="md" withinPortal opened={opened} onChange={change}>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="full" size={13} />} onClick={onView} rightSection={<kbd>v</kbd>}>
          {viewed ? 'Back to the dashboard' : 'View'}
        </Menu.Item>
        {onEdit && (
          <Menu.Item onClick={onEdit} leftSection={<Icon name="edit" size={13} />} rightSection={<kbd>e</kbd>}>
            Edit
          </Menu.Item>
        )}
        {links.map(({ name, href }) => (
          <Menu.Item key={`${name} ${href}`} component={Link} href={href} leftSection={<Icon name={name.startsWith('Logs') ? 'logs' : name.startsWith('Traces') ? 'traces' : 'explore'} size={13} />}>
            {name}
          </Menu.Item>
        ))}
        <Menu.Item leftSection={<Icon name="search" size={13} />} onClick={onInspect} rightSection={<kbd>i</kbd>}>
          Inspect
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="link" size={13} />} onClick={() => void copyText(share(), 'The address of this panel')}>
          Copy link
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="download" size={13} />} onClick={() => void download()}>
          Download image
        </Menu.Item>
        {more}
      </Menu.Dropdown>
    </Menu>
  );
}
