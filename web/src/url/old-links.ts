import { fromGraph, writeExplore } from './explore';

/** Pages of Prometheus that live elsewhere here. */
const moved: Record<string, string> = {
  '/config': '/status?tab=config',
  '/flags': '/status?tab=flags',
  '/tsdb-status': '/status?tab=tsdb',
  '/runtime-info': '/status',
  '/service-discovery': '/targets?show=discovered',
  '/index.html': '/',
};

/** Alertmanager's pages, which it keeps behind `#`. */
function fromHash(hash: string): string | null {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const params = new URLSearchParams(query);
  if (path === '/alerts') {
    const next = new URLSearchParams({ tab: 'notifications' });
    const filter = params.get('filter');
    const receiver = params.get('receiver');
    if (filter) next.set('filter', filter);
    if (receiver) next.set('receiver', receiver);
    return `/alerts?${next}`;
  }
  if (path === '/silences' || path === '/silences/new') return query ? `${path}?${params}` : path;
  const silence = /^\/silences\/([^/]+)(\/edit)?$/.exec(path);
  if (silence) return `/silences/${silence[1]}${silence[2] ? '?edit=1' : ''}`;
  if (path === '/status') return '/status';
  if (path === '/settings') return '/status';
  return null;
}

/** Where an address of Prometheus' or Alertmanager's UI leads here; `null` when it is one of ours. */
export function redirectOldLink(url: URL): string | null {
  if (url.pathname === '/' || url.pathname === '/alertmanager/') {
    const fromAlertmanager = url.hash.startsWith('#/') ? fromHash(url.hash) : null;
    if (fromAlertmanager) return fromAlertmanager;
  }
  const path = url.pathname.replace(/^\/(classic|new)(?=\/)/, '').replace(/(.)\/+$/, '$1');
  if (path === '/graph' || ((path === '/query' || path === '/explore') && url.searchParams.has('g0.expr'))) return `/explore?${writeExplore(fromGraph(url.searchParams))}`;
  if (path === '/query') return `/explore${url.search}`;
  if (moved[path]) return moved[path];
  if (path === '/alertmanager-discovery') return '/status';
  return path === url.pathname ? null : path + url.search + url.hash;
}
