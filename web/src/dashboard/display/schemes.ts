/** Colours that run with the value: Grafana's continuous schemes, and shades of one colour. */

import type { Rgb } from './colors';
import { colorOf, cssOf, rgbOf } from './colors';

/** Colours from the least value to the greatest, by the mode's id. */
export const continuousSchemes: Record<string, { name: string; colors: string[] }> = {
  'continuous-GrYlRd': { name: 'Green-Yellow-Red', colors: ['green', 'yellow', 'red'] },
  'continuous-RdYlGr': { name: 'Red-Yellow-Green', colors: ['red', 'yellow', 'green'] },
  'continuous-BlYlRd': { name: 'Blue-Yellow-Red', colors: ['dark-blue', 'super-light-yellow', 'dark-red'] },
  'continuous-YlRd': { name: 'Yellow-Red', colors: ['super-light-yellow', 'dark-red'] },
  'continuous-BlPu': { name: 'Blue-Purple', colors: ['blue', 'purple'] },
  'continuous-YlBl': { name: 'Yellow-Blue', colors: ['super-light-yellow', 'dark-blue'] },
  'continuous-blues': { name: 'Blues', colors: ['panel-bg', 'dark-blue'] },
  'continuous-reds': { name: 'Reds', colors: ['panel-bg', 'dark-red'] },
  'continuous-greens': { name: 'Greens', colors: ['panel-bg', 'dark-green'] },
  'continuous-purples': { name: 'Purples', colors: ['panel-bg', 'dark-purple'] },
  'continuous-viridis': { name: 'Viridis', colors: ['#440154', '#482878', '#3e4989', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725'] },
  'continuous-magma': { name: 'Magma', colors: ['#000004', '#180f3d', '#440f76', '#721f81', '#9e2f7f', '#cd4071', '#f1605d', '#fd9668', '#feca8d', '#fcfdbf'] },
  'continuous-plasma': { name: 'Plasma', colors: ['#0d0887', '#46039f', '#7201a8', '#9c179e', '#bd3786', '#d8576b', '#ed7953', '#fb9f3a', '#fdca26', '#f0f921'] },
  'continuous-inferno': { name: 'Inferno', colors: ['#000004', '#1b0c41', '#4a0c6b', '#781c6d', '#a52c60', '#cf4446', '#ed6925', '#fb9b06', '#f7d13d', '#fcffa4'] },
  'continuous-cividis': { name: 'Cividis', colors: ['#00224e', '#123570', '#3b496c', '#575d6d', '#707173', '#8a8678', '#a59c74', '#c3b369', '#e1cc55', '#fee838'] },
};

const gray: Rgb = [128, 128, 128, 1];

/** How fine colours are told apart. */
const steps = 256;
const ramps = new Map<string, string[]>();

/** The colours of a scheme in 256 steps, made once. */
function ramp(mode: string, isDark: boolean): string[] | undefined {
  const scheme = Object.hasOwn(continuousSchemes, mode) ? continuousSchemes[mode] : undefined;
  if (!scheme) return undefined;
  const key = `${mode} ${isDark}`;
  const known = ramps.get(key);
  if (known) return known;
  const colors = scheme.colors.map((name) => rgbOf(colorOf(name, isDark)) ?? gray);
  const made = Array.from({ length: steps }, (_, at) => cssOf(blended(colors, at / (steps - 1))));
  ramps.set(key, made);
  return made;
}

/** The colour at `share` (0 to 1) of a scheme; `undefined` when there is no such scheme. */
export function schemeColor(mode: string, share: number, isDark: boolean): string | undefined {
  const colors = ramp(mode, isDark);
  const clamped = Number.isNaN(share) ? 0 : Math.min(1, Math.max(0, share));
  return colors?.[Math.round(clamped * (steps - 1))];
}

/** A uniform cubic B-spline through colours, ends mirrored: smooth, and never outside of what it runs between. */
export function blended(colors: Rgb[], share: number): Rgb {
  const last = colors.length - 1;
  if (last === 0) return colors[0]!;
  const at = Math.min(last - 1, Math.floor(share * last));
  const t = share * last - at;
  const [t2, t3] = [t * t, t * t * t];
  const channel = (place: number) => {
    const [from, to] = [colors[at]![place]!, colors[at + 1]![place]!];
    const before = at > 0 ? colors[at - 1]![place]! : 2 * from - to;
    const after = at < last - 1 ? colors[at + 2]![place]! : 2 * to - from;
    return ((1 - 3 * t + 3 * t2 - t3) * before + (4 - 6 * t2 + 3 * t3) * from + (1 + 3 * t + 3 * t2 - 3 * t3) * to + t3 * after) / 6;
  };
  return [channel(0), channel(1), channel(2), channel(3)];
}

/** Shades of one colour for series: the colour itself, then darker and lighter by turns. */
export function shadeOf(css: string, index: number): string {
  const rgb = rgbOf(css);
  if (!rgb) return css;
  const place = Math.trunc(index) % 10;
  const strength = Math.ceil(place / 2) * 0.14;
  const toward = place % 2 === 1 ? 0 : 255;
  const mix = (channel: number) => channel + (toward - channel) * strength;
  return cssOf([mix(rgb[0]), mix(rgb[1]), mix(rgb[2]), rgb[3]]);
}
