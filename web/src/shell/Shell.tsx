import { ActionIcon, Drawer, Menu, Modal, Switch, Tooltip, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useConnection, useLiveUpdates } from '../api/live';
import { home } from '../api/phoenix';
import { isSearched, searched } from '../parts/Filter';
import { Flame, Icon } from '../parts/Icon';
import { useRemembered } from '../parts/remembered';
import type { PageLink } from './pages';
import { inboxPage, pages } from './pages';
import './Shell.css';
import { useAddedShortcuts, useShortcuts } from './shortcuts';

const connectionText = {
  connecting: ['Connecting', 'Connecting to the server’s events'],
  live: ['Live', 'Changes show at once'],
  polling: ['Polling', 'The server’s events cannot be had; the page asks every few seconds instead'],
} as const;

function ConnectionMark() {
  const connection = useConnection();
  const [word, help] = connectionText[connection];
  return (
    <Tooltip label={help}>
      <span className={`state ${connection === 'live' ? 'tone-good' : 'tone-dim'}`} style={{ padding: '0 0.25rem' }}>
        <Icon name={connection === 'live' ? 'check' : 'clock'} size={13} />
        {word}
      </span>
    </Tooltip>
  );
}

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const choices = [
    ['auto', 'Like the system', 'system'],
    ['light', 'Light', 'sun'],
    ['dark', 'Dark', 'moon'],
  ] as const;
  const current = choices.find(([value]) => value === colorScheme) ?? choices[0];
  return (
    <Menu position="top-end">
      <Menu.Target>
        <ActionIcon aria-label={`Colours: ${current[1]}`} title={`Colours: ${current[1]}`}>
          <Icon name={current[2]} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(([value, name, icon]) => (
          <Menu.Item key={value} leftSection={<Icon name={icon} />} onClick={() => setColorScheme(value)} fw={value === colorScheme ? 600 : 400}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function usePages(): PageLink[] {
  const { data } = useQuery(home);
  return data?.inbox ? [...pages, inboxPage] : pages;
}

function Navigation({ onHelp, inDrawer, onGo }: { onHelp: () => void; inDrawer?: boolean; onGo?: () => void }) {
  const [location] = useLocation();
  const { data } = useQuery(home);
  const links = usePages();
  const count: Record<string, [number, string] | undefined> = {
    '/incidents': data && [data.incidents.open, 'open'],
    '/alerts': data && [data.alerts.firing, 'firing'],
    '/targets': data && [data.targets.down, 'down'],
    '/rules': data && [data.rules.failing, 'failing'],
  };
  return (
    <div className={inDrawer ? 'sidebar in-drawer' : 'sidebar'}>
      {!inDrawer && (
        <Link href="/" className="brand">
          <Flame />
          Phoenix
        </Link>
      )}
      <nav aria-label="Pages">
        <ul className="nav">
          {links.map(({ path, name, icon, gapAfter }) => {
            const here = path === '/' ? location === '/' : location === path || location.startsWith(`${path}/`);
            const [number, what] = count[path] ?? [0, ''];
            return (
              <li key={path} style={gapAfter ? { marginBottom: '0.75rem' } : undefined}>
                <Link href={path} aria-current={here ? 'page' : undefined} onClick={onGo}>
                  <Icon name={icon} />
                  {name}
                  {number > 0 && (
                    <span className="count">
                      {number}
                      <span className="hidden-text"> {what}</span>
                    </span>
                  )}
                </Link>
              </li>
            );
          })}
        </ul>
      </nav>
      <div className="foot">
        <ConnectionMark />
        <span className="grow" />
        <ActionIcon aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={onHelp}>
          <Icon name="keyboard" />
        </ActionIcon>
        <SchemeMenu />
      </div>
    </div>
  );
}

const keyNames: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc' };
const keyName = (key: string) => keyNames[key] ?? (/^[A-Z]$/.test(key) ? `shift+${key.toLowerCase()}` : key);
/** The keys of a shortcut one by one; a plus sign is a key as well. */
const keysOf = (keys: string) => keys.split(' ').flatMap((part) => part.split(/(?<=.)\+/)).map(keyName);

function Help({ opened, close, enabled, setEnabled }: { opened: boolean; close: () => void; enabled: boolean; setEnabled: (on: boolean) => void }) {
  const links = usePages();
  const added = useAddedShortcuts();
  const keys: [string[], string][] = [
    ...added.map(({ keys, what }): [string[], string] => [keysOf(keys), what]),
    ...links.map(({ key, name }): [string[], string] => [['g', key], `Go to ${name}`]),
    [['f'], 'Find a dashboard'],
    [['/'], 'To the filter or the query'],
    [['?'], 'This list'],
    [['Esc'], 'Close, or leave the query'],
    [['Ctrl', 'Enter'], 'Run the queries (in Explore)'],
  ];
  return (
    <Modal opened={opened} onClose={close} title="Keyboard shortcuts" closeButtonProps={{ 'aria-label': 'Close' }}>
      <dl className="facts">
        {keys.map(([parts, what]) => (
          <div key={what} style={{ display: 'contents' }}>
            <dt>
              {parts.map((part) => (
                <span key={part}>
                  <kbd>{part}</kbd>{' '}
                </span>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <Switch mt="md" label="Single-key shortcuts" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
    </Modal>
  );
}

/** Navigation around a view, and what holds for every view: shortcuts, focus after a change of page, live updates. */
export function Shell({ children }: { children: ReactNode }) {
  useLiveUpdates();
  const [location, go] = useLocation();
  const [help, setHelp] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const [shortcuts, setShortcuts] = useRemembered('shortcuts', 'on');
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const links = usePages();

  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    // A page that is opened to be searched takes the keyboard into its filter: see `TextFilter`.
    if (!isSearched(history.state)) main.current?.focus({ preventScroll: true });
  }, [location]);

  const act = useCallback(
    (keys: string) => {
      if (keys === '?') {
        setHelp(true);
        return true;
      }
      const field = document.querySelector<HTMLElement>('main [data-filter], main .cm-content');
      if (keys === '/' || (keys === 'f' && location === '/dashboards')) {
        field?.focus();
        return field !== null;
      }
      if (keys === 'f') {
        go('/dashboards', { state: searched });
        return true;
      }
      const page = links.find(({ key }) => keys === `g ${key}`);
      if (page) go(page.path);
      return page !== undefined;
    },
    [go, links, location],
  );
  useShortcuts(shortcuts === 'on', act);

  return (
    <div className="shell">
      <a href="#main" className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </a>
      <div className="topbar">
        <ActionIcon aria-label="Menu" aria-expanded={drawer} onClick={() => setDrawer(true)} size="lg">
          <Icon name="menu" size={18} />
        </ActionIcon>
        <Link href="/" className="brand">
          <Flame />
          Phoenix
        </Link>
        <ConnectionMark />
      </div>
      <div className="sidebar-column">
        <Navigation onHelp={() => setHelp(true)} />
      </div>
      <Drawer opened={drawer} onClose={() => setDrawer(false)} size="16rem" title="Phoenix" closeButtonProps={{ 'aria-label': 'Close menu' }}>
        <Navigation inDrawer onHelp={() => setHelp(true)} onGo={() => setDrawer(false)} />
      </Drawer>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <Help opened={help} close={() => setHelp(false)} enabled={shortcuts === 'on'} setEnabled={(on) => setShortcuts(on ? 'on' : 'off')} />
    </div>
  );
}
