import type { IconName } from '../parts/Icon';

export interface PageLink {
  path: string;
  name: string;
  icon: IconName;
  /** The key that leads here after `g`. */
  key: string;
  gapAfter?: boolean;
}

export const pages: PageLink[] = [
  { path: '/', name: 'Home', icon: 'home', key: 'h' },
  { path: '/dashboards', name: 'Dashboards', icon: 'dashboards', key: 'd' },
  { path: '/explore', name: 'Explore', icon: 'explore', key: 'e' },
  { path: '/logs', name: 'Logs', icon: 'logs', key: 'l' },
  { path: '/traces', name: 'Traces', icon: 'traces', key: 'w', gapAfter: true },
  { path: '/incidents', name: 'Incidents', icon: 'incident', key: 'i' },
  { path: '/alerts', name: 'Alerts', icon: 'bell', key: 'a' },
  { path: '/silences', name: 'Silences', icon: 'silence', key: 's' },
  { path: '/on-call', name: 'On call', icon: 'person', key: 'o', gapAfter: true },
  { path: '/rules', name: 'Rules', icon: 'rules', key: 'r' },
  { path: '/targets', name: 'Targets', icon: 'target', key: 't' },
  { path: '/status', name: 'Status', icon: 'status', key: 'u' },
];

export const inboxPage: PageLink = { path: '/inbox', name: 'Inbox', icon: 'inbox', key: 'b' };
