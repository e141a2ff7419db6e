/** Colours of texts. */

import { colorOf, contrast, cssOf, rgbOf } from '../../display';

/** The colour for a text: the page's own where a dashboard names none, or one that could not be seen. */
export const colorOr = (color: string | undefined, otherwise = 'var(--text)') => (color === undefined || color === '' || rgbOf(color)?.[3] === 0 ? otherwise : color);

/** What lies behind a text: a colour, or one that grows stronger. */
export const backgroundOf = (color: string, mode: unknown, isDark: boolean): string =>
  mode === 'gradient' ? `linear-gradient(120deg, color-mix(in srgb, ${color} 82%, ${isDark ? 'black' : 'white'}), ${color})` : color;

/** Pixels from which on WCAG 2 takes a text for a large one, which is read in any colour that can be seen at all. */
const largeText = 24;
/** WCAG 2's least contrast of small texts. */
const leastContrast = 4.5;
const inks = new Map<string, string>();

/** The colour for a text of a size in pixels: small ones are darker on a light ground, lighter on a dark one, until they can be read. */
export function inkOf(color: string | undefined, size: number, isDark: boolean): string {
  const given = colorOr(color);
  const rgb = rgbOf(given);
  if (size >= largeText || !rgb || rgb[3] < 1) return given;
  const key = `${given} ${isDark}`;
  const known = inks.get(key);
  if (known !== undefined) return known;
  const ground = colorOf('panel-bg', isDark);
  const end = isDark ? 255 : 0;
  let ink = given;
  for (let step = 1; step <= 20 && contrast(ink, ground) < leastContrast; step += 1) {
    const [red, green, blue] = rgb.map((channel) => channel + ((end - channel) * step) / 20) as [number, number, number];
    ink = cssOf([red, green, blue, 1]);
  }
  if (inks.size < 1_000) inks.set(key, ink);
  return ink;
}
