/** The box beside the pointer. It draws itself anew as the pointer moves; the panel behind it does not. */

import type { ReactNode } from 'react';
import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import './tip.css';

export interface TipRow {
  key: string;
  /** As CSS; a row without one has no mark. */
  color?: string;
  name: string;
  value: string;
  /** The one that the pointer is nearest to. */
  near?: boolean;
  links?: { href: string; title: string; targetBlank: boolean }[];
}

export interface TipContent {
  /** Of the window, in pixels. */
  x: number;
  y: number;
  heading: string;
  rows: TipRow[];
  /** Rows that are left out. */
  more?: number;
  notes?: string[];
  /** A small picture below the rows. */
  figure?: ReactNode;
  links?: { href: string; title: string; targetBlank: boolean }[];
  /** Stays until it is closed, so that its links can be reached. */
  pinned?: boolean;
  maxWidth?: number;
  maxHeight?: number;
}

export interface TipStore {
  get: () => TipContent | null;
  /** Shows content at the next frame; only the last of several is built. */
  show: (build: () => TipContent | null) => void;
  hide: () => void;
  subscribe: (changed: () => void) => () => void;
}

export function tipStore(): TipStore {
  let content: TipContent | null = null;
  let pending: (() => TipContent | null) | null = null;
  let frame = 0;
  const listeners = new Set<() => void>();
  const set = (next: TipContent | null) => {
    if (next === content) return;
    content = next;
    listeners.forEach((changed) => changed());
  };
  return {
    get: () => content,
    show: (build) => {
      pending = build;
      if (frame === 0) {
        frame = requestAnimationFrame(() => {
          frame = 0;
          if (pending) set(pending());
          pending = null;
        });
      }
    },
    hide: () => {
      pending = null;
      set(null);
    },
    subscribe: (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}

const away = 14;

function Links({ links }: { links: NonNullable<TipRow['links']> }) {
  return (
    <ul className="panel-tip-links">
      {links.map(({ href, title, targetBlank }) => (
        <li key={`${title} ${href}`}>
          <a href={href} {...(targetBlank ? { target: '_blank', rel: 'noreferrer' } : {})}>
            {title || href}
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Tip({ store }: { store: TipStore }) {
  const content = useSyncExternalStore(store.subscribe, store.get);
  const box = useRef<HTMLDivElement>(null);
  const pinned = content?.pinned === true;
  useLayoutEffect(() => {
    if (!content || !box.current) return;
    const { width, height } = box.current.getBoundingClientRect();
    const right = content.x + away + width <= innerWidth - 4;
    const left = right ? content.x + away : Math.max(4, content.x - away - width);
    const top = Math.min(Math.max(4, content.y - height / 3), Math.max(4, innerHeight - height - 4));
    box.current.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }, [content]);
  useEffect(() => {
    if (!pinned) return;
    const before = document.activeElement;
    box.current?.focus();
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && store.hide();
    const onDown = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) store.hide();
    };
    document.addEventListener('keydown', onKey);
    document.addEventListener('pointerdown', onDown);
    return () => {
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('pointerdown', onDown);
      if ((before instanceof HTMLElement || before instanceof SVGElement) && before.isConnected) before.focus();
    };
  }, [pinned, store]);
  if (!content) return null;
  const { heading, rows, more = 0, notes = [], links = [], figure, maxWidth, maxHeight } = content;
  return createPortal(
    <div ref={box} className={pinned ? 'panel-tip pinned' : 'panel-tip'} style={{ maxWidth, maxHeight }} {...(pinned ? { role: 'dialog', 'aria-label': heading, tabIndex: -1 } : { 'aria-hidden': true })}>
      <div className="panel-tip-head">
        <span className="num">{heading}</span>
        {pinned && (
          <button type="button" className="plain-button" aria-label="Close" onClick={store.hide}>
            ×
          </button>
        )}
      </div>
      {rows.map((row) => (
        <div key={row.key} className={row.near ? 'panel-tip-row near' : 'panel-tip-row'}>
          {row.color !== undefined && <span className="swatch" style={{ background: row.color }} />}
          <span className="name">{row.name}</span>
          <span className="value">{row.value}</span>
          {pinned && row.links && row.links.length > 0 && <Links links={row.links} />}
        </div>
      ))}
      {more > 0 && <div className="dim">and {more} more</div>}
      {notes.map((note) => (
        <div key={note} className="panel-tip-note">
          {note}
        </div>
      ))}
      {figure}
      {links.length > 0 && <Links links={links} />}
    </div>,
    document.body,
  );
}
