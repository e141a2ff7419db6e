/** Colours of cells by their counts. Names and colours of schemes are ColorBrewer's and matplotlib's. */

import { colorOf, continuousSchemes, cssOf, rgbOf, withAlpha } from '../../display';
import type { HeatmapOptions } from './options';

interface Scheme {
  colors: string[];
  /** In which theme the colours are taken from the end, so that small counts are near the ground's colour. */
  turned: 'dark' | 'light' | 'always' | 'never';
}

const brewer = (turned: Scheme['turned'], text: string): Scheme => ({ turned, colors: text.split(' ').map((hex) => `#${hex}`) });
const known = (id: string): Scheme => ({ turned: 'light', colors: continuousSchemes[id]!.colors });

export const schemes: Record<string, Scheme> = {
  Oranges: brewer('dark', 'fff5eb fee6ce fdd0a2 fdae6b fd8d3c f16913 d94801 a63603 7f2704'),
  Blues: brewer('dark', 'f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b'),
  Greens: brewer('dark', 'f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b'),
  Greys: brewer('dark', 'ffffff f0f0f0 d9d9d9 bdbdbd 969696 737373 525252 252525 000000'),
  Purples: brewer('dark', 'fcfbfd efedf5 dadaeb bcbddc 9e9ac8 807dba 6a51a3 54278f 3f007d'),
  Reds: brewer('dark', 'fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d'),
  BuGn: brewer('dark', 'f7fcfd e5f5f9 ccece6 99d8c9 66c2a4 41ae76 238b45 006d2c 00441b'),
  BuPu: brewer('dark', 'f7fcfd e0ecf4 bfd3e6 9ebcda 8c96c6 8c6bb1 88419d 810f7c 4d004b'),
  GnBu: brewer('dark', 'f7fcf0 e0f3db ccebc5 a8ddb5 7bccc4 4eb3d3 2b8cbe 0868ac 084081'),
  OrRd: brewer('dark', 'fff7ec fee8c8 fdd49e fdbb84 fc8d59 ef6548 d7301f b30000 7f0000'),
  PuBu: brewer('dark', 'fff7fb ece7f2 d0d1e6 a6bddb 74a9cf 3690c0 0570b0 045a8d 023858'),
  PuBuGn: brewer('dark', 'fff7fb ece2f0 d0d1e6 a6bddb 67a9cf 3690c0 02818a 016c59 014636'),
  PuRd: brewer('dark', 'f7f4f9 e7e1ef d4b9da c994c7 df65b0 e7298a ce1256 980043 67001f'),
  RdPu: brewer('dark', 'fff7f3 fde0dd fcc5c0 fa9fb5 f768a1 dd3497 ae017e 7a0177 49006a'),
  YlGn: brewer('dark', 'ffffe5 f7fcb9 d9f0a3 addd8e 78c679 41ab5d 238443 006837 004529'),
  YlGnBu: brewer('dark', 'ffffd9 edf8b1 c7e9b4 7fcdbb 41b6c4 1d91c0 225ea8 253494 081d58'),
  YlOrBr: brewer('dark', 'ffffe5 fff7bc fee391 fec44f fe9929 ec7014 cc4c02 993404 662506'),
  YlOrRd: brewer('dark', 'ffffcc ffeda0 fed976 feb24c fd8d3c fc4e2a e31a1c bd0026 800026'),
  Spectral: brewer('always', '9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2'),
  RdYlGn: brewer('always', 'a50026 d73027 f46d43 fdae61 fee08b ffffbf d9ef8b a6d96a 66bd63 1a9850 006837'),
  RdYlBu: brewer('always', 'a50026 d73027 f46d43 fdae61 fee090 ffffbf e0f3f8 abd9e9 74add1 4575b4 313695'),
  RdBu: brewer('always', '67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061'),
  RdGy: brewer('always', '67001f b2182b d6604d f4a582 fddbc7 ffffff e0e0e0 bababa 878787 4d4d4d 1a1a1a'),
  BrBG: brewer('always', '543005 8c510a bf812d dfc27d f6e8c3 f5f5f5 c7eae5 80cdc1 35978f 01665e 003c30'),
  PRGn: brewer('always', '40004b 762a83 9970ab c2a5cf e7d4e8 f7f7f7 d9f0d3 a6dba0 5aae61 1b7837 00441b'),
  PiYG: brewer('always', '8e0152 c51b7d de77ae f1b6da fde0ef f7f7f7 e6f5d0 b8e186 7fbc41 4d9221 276419'),
  PuOr: brewer('always', '7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b'),
  Turbo: brewer('light', '30123b 4662d7 36aaf9 1ae4b6 72fe5e c8ef34 faba39 f66b19 ca2a04 7a0403'),
  Viridis: known('continuous-viridis'),
  Magma: known('continuous-magma'),
  Plasma: known('continuous-plasma'),
  Inferno: known('continuous-inferno'),
  Cividis: known('continuous-cividis'),
  Warm: brewer('light', '6e40aa be3caf fe4b83 ff7847 e2b72f aff05b'),
  Cool: brewer('light', '6e40aa 4c6edb 23abd8 1ddfa3 52f667 aff05b'),
  Rainbow: brewer('always', '6e40aa be3caf fe4b83 ff7847 e2b72f aff05b 52f667 1ddfa3 23abd8 4c6edb 6e40aa'),
};

function between(colors: string[], share: number): string {
  const at = share * (colors.length - 1);
  const [from, to] = [rgbOf(colors[Math.floor(at)]!) ?? [0, 0, 0, 1], rgbOf(colors[Math.ceil(at)]!) ?? [0, 0, 0, 1]];
  const part = at - Math.floor(at);
  return cssOf(from.map((channel, index) => channel + (to[index]! - channel) * part) as [number, number, number, number]);
}

/** The colours from the least count to the greatest. */
export function palette({ mode, scheme, fill, steps, reverse }: HeatmapOptions['color'], isDark: boolean): string[] {
  const shares = Array.from({ length: steps }, (_, index) => index / (steps - 1));
  if (mode === 'opacity') {
    const css = colorOf(fill, isDark);
    return shares.map((share) => withAlpha(css, 0.05 + 0.95 * share));
  }
  const { colors, turned } = schemes[scheme] ?? schemes.Oranges!;
  const isTurned = turned === 'always' || turned === (isDark ? 'dark' : 'light');
  const found = shares.map((share) => between(colors, share));
  return isTurned !== reverse ? found.reverse() : found;
}

/** The place in the palette of a count. */
export function colorIndex(count: number, low: number, high: number, steps: number, exponent: number): number {
  if (high <= low) return steps - 1;
  const share = Math.min(Math.max((count - low) / (high - low), 0), 1);
  return Math.min(Math.floor(share ** exponent * steps), steps - 1);
}
