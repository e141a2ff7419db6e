/** Colours of texts. */

import { rgbOf } from '../../display';

/** The colour for a text: the page's own where a dashboard names none, or one that could not be seen. */
export const colorOr = (color: string | undefined, otherwise = 'var(--text)') => (color === undefined || color === '' || rgbOf(color)?.[3] === 0 ? otherwise : color);

/** What lies behind a text: a colour, or one that grows stronger. */
export const backgroundOf = (color: string, mode: unknown, isDark: boolean): string =>
  mode === 'gradient' ? `linear-gradient(120deg, color-mix(in srgb, ${color} 82%, ${isDark ? 'black' : 'white'}), ${color})` : color;
