import { useMemo } from 'react';
import { useLocation } from 'wouter';
import type { PageShortcut } from '../../shell/shortcuts';
import type { Editing } from '../edit/use-editing';
import type { RawRange } from '../time';
import type { ShownPanel } from '../variables';
import type { PanelSource } from './board';
import { copyText } from './copy-text';
import { exploreLinks } from './explore-links';
import { legendEvent } from './PanelHost';

/** The panel that the pointer is over, or that holds the keyboard. */
export const panelAtHand = () => (document.querySelector('[data-panel]:hover') ?? document.activeElement?.closest('[data-panel]'))?.getAttribute('data-panel') ?? null;

interface Given {
  board: PanelSource;
  find: (key: string | null) => ShownPanel | undefined;
  editing: Editing;
  shareAddress: (fixed: boolean, viewPanel: string) => string;
  raw: RawRange;
  isEditingPanel: boolean;
}

/** Grafana's keys for the panel at hand that begin with `p`. */
export function usePanelShortcuts({ board, find, editing, shareAddress, raw, isEditingPanel }: Given): readonly PageShortcut[] {
  const [, navigate] = useLocation();
  return useMemo(() => {
    const of = (key: string, what: string, act: (shown: ShownPanel) => void, canAct: (shown: ShownPanel) => boolean = () => true, also: readonly string[] = []): PageShortcut => ({
      keys: `p ${key}`,
      also,
      what: `${what} the panel at hand`,
      act: () => {
        const shown = find(panelAtHand());
        if (!shown || isEditingPanel || !canAct(shown)) return false;
        act(shown);
        return true;
      },
    });
    const change = ({ panel: { id } }: ShownPanel, how: 'duplicate' | 'remove') => {
      editing.begin();
      void import('../edit/operations').then(({ duplicatePanel, removePanel }) => editing.draft.change((before) => (how === 'remove' ? removePanel(before, id) : (duplicatePanel(before, id)?.dashboard ?? before))));
    };
    const isOwn = ({ isCopy }: ShownPanel) => !isCopy;
    return [
      of('u', 'Copy the link of', ({ key }) => void copyText(shareAddress(false, key), 'The address of this panel'), undefined, ['p s']),
      of('x', 'Explore', ({ key, panel: { timeShift } }) => {
        const { queries, range } = board.panelState(key);
        const [first] = exploreLinks(queries, range, raw.to === 'now' && !timeShift);
        if (first) navigate(first.href);
      }),
      of('l', 'Show or hide the legend of', ({ key }) => document.getElementById(`panel-${key}`)?.dispatchEvent(new Event(legendEvent))),
      of('d', 'Duplicate', (shown) => change(shown, 'duplicate'), isOwn),
      of('r', 'Remove', (shown) => change(shown, 'remove'), isOwn),
    ];
  }, [board, editing, find, isEditingPanel, navigate, raw.to, shareAddress]);
}
