import type { ReactNode } from 'react';
import type { Panel } from '../model';
import type { Draft } from './draft';
import { Movable } from './Movable';
import { placePanel } from './operations';
import { rectOf } from './place';

/** A panel in its place, from which it can be moved. */
export default function MovablePanel({ panel, change, children }: { panel: Panel; change: Draft['change']; children: ReactNode }) {
  return (
    <Movable title={panel.title || `panel ${panel.id}`} rect={rectOf(panel)} onPlace={(rect) => change((before) => placePanel(before, panel.id, rect))}>
      {children}
    </Movable>
  );
}
