import { loadVariables, serverFetchers } from '../variables';
import type { BoardSource } from './board';
import { emptyPanelState } from './panel-state';

/** What a board asks Phoenix. */
export const boardSource: BoardSource<{ id: string }, unknown> = {
  now: Date.now,
  async variables({ dashboard, span, zone }, chosen, previous, isNewRange, signal, onPart) {
    const state: Record<string, never> = {};
    return loadVariables(dashboard, chosen, span, serverFetchers, {
      timeZone: zone,
      signal,
      previous,
      isNewRange,
      onVariable: (name, value) => onPart({ state: Object.assign({}, Object.assign(state, { [name]: value })), problems: {} }),
    });
  },
  round: (_shown, _all, place) => ({ queries: [], prepare: () => ({ ...emptyPanelState, answered: true, range: place.span }) }),
  ask: async () => undefined,
  annotations: async () => ({ all: [], problems: [] }),
};
