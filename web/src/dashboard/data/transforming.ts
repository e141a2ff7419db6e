/** Transformations are loaded only where a panel has some: most of a page's first view needs none. */

import type { transform as Transform } from '../transform';
import type { Dashboard, Panel } from '../model';

let loaded: typeof Transform | undefined;

export async function loadTransform(): Promise<void> {
  loaded ??= (await import('../transform')).transform;
}

const has = (panel: Panel): boolean => (panel.transformations?.length ?? 0) > 0 || (panel.panels ?? []).some(has);

/** Whether a dashboard's panels cannot be prepared without them. */
export const needsTransform = (dashboard: Dashboard): boolean => (dashboard.panels ?? []).some(has);

/** As `transform`, once `loadTransform` is over. */
export const transform: typeof Transform = (...given) => {
  if (!loaded) throw new Error('Transformations are not loaded yet');
  return loaded(...given);
};
