/** What colours a picture has, read from the browser's own drawing of it. */

import type { Locator } from '@playwright/test';

export type Rgb = [number, number, number];

export const rgb = (color: string): Rgb => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) as Rgb;

/** `rgb(…)` or `color(srgb …)` of computed styles as `#rrggbb`; `null` where it is transparent. */
export function hex(css: string): string | null {
  const numbers = (css.match(/[\d.]+/g) ?? []).map(Number);
  if (numbers.length < 3 || numbers[3] === 0) return null;
  return `#${numbers.slice(0, 3).map((each) => Math.round(css.startsWith('color(') ? each * 255 : each).toString(16).padStart(2, '0')).join('')}`;
}

/** The greatest difference of a channel. */
export const apart = (one: Rgb, other: Rgb) => Math.max(...one.map((channel, at) => Math.abs(channel - other[at]!)));

/** Grounds, grids and texts have no colour to speak of. */
export const isGray = ([r, g, b]: Rgb) => Math.max(r, g, b) - Math.min(r, g, b) < 30;

/** The colours at places of the window, all of which lie within the element. */
export async function colorsAt(element: Locator, places: { x: number; y: number }[]): Promise<Rgb[]> {
  const page = element.page();
  const box = (await element.boundingBox())!;
  const picture = (await page.screenshot({ clip: box })).toString('base64');
  return page.evaluate(
    async ({ picture, places }) => {
      const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
      context.drawImage(bitmap, 0, 0);
      return places.map(({ x, y }) => [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data].slice(0, 3) as [number, number, number]);
    },
    { picture, places: places.map(({ x, y }) => ({ x: x - box.x, y: y - box.y })) },
  );
}
