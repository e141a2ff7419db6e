/** Colours by Grafana's names, the palette of series, and text that is readable on a colour. */

type Shades = [dark: string, semiDark: string, plain: string, light: string, superLight: string];

const onDark: Record<string, Shades> = {
  red: ['#C4162A', '#E02F44', '#F2495C', '#FF7383', '#FFA6B0'],
  orange: ['#FA6400', '#FF780A', '#FF9830', '#FFB357', '#FFCB7D'],
  yellow: ['#E0B400', '#F2CC0C', '#FADE2A', '#FFEE52', '#FFF899'],
  green: ['#37872D', '#56A64B', '#73BF69', '#96D98D', '#C8F2C2'],
  blue: ['#1F60C4', '#3274D9', '#5794F2', '#8AB8FF', '#C0D8FF'],
  purple: ['#8F3BB8', '#A352CC', '#B877D9', '#CA95E5', '#DEB6F2'],
};
/** One step darker than on a dark ground. */
const onLight: Record<string, Shades> = {
  red: ['#AD0317', '#C4162A', '#E02F44', '#F2495C', '#FF7383'],
  orange: ['#E55400', '#FA6400', '#FF780A', '#FF9830', '#FFB357'],
  yellow: ['#CC9D00', '#E0B400', '#F2CC0C', '#FADE2A', '#FFEE52'],
  green: ['#19730E', '#37872D', '#56A64B', '#73BF69', '#96D98D'],
  blue: ['#1250B0', '#1F60C4', '#3274D9', '#5794F2', '#8AB8FF'],
  purple: ['#7C2EA3', '#8F3BB8', '#A352CC', '#B877D9', '#CA95E5'],
};
const shades = ['dark-', 'semi-dark-', '', 'light-', 'super-light-'];

const named = (colors: Record<string, Shades>, text: string, ground: string): Map<string, string> =>
  new Map([
    ...Object.entries(colors).flatMap(([hue, all]) => all.map((color, at): [string, string] => [`${shades[at]}${hue}`, color])),
    ['text', text],
    ['panel-bg', ground],
  ]);

// `text` and `panel-bg` are those of theme.css as numbers, for canvases and mixing.
const names = { dark: named(onDark, '#d9e1e0', '#151d1f'), light: named(onLight, '#1b2423', '#ffffff') };

/** CSS for a colour as dashboards write it: a name such as `semi-dark-red`, `text`, `transparent`, or CSS itself. */
export function colorOf(name: string, isDark: boolean): string {
  return (isDark ? names.dark : names.light).get(name) ?? (name === '' ? 'transparent' : name);
}

const classic = [
  'green', 'semi-dark-yellow', 'light-blue', 'semi-dark-orange', 'red', 'blue', 'purple', '#705DA0', 'dark-green', 'yellow',
  '#447EBC', '#C15C17', '#890F02', '#0A437C', '#6D1F62', '#584477', '#B7DBAB', '#F4D598', '#70DBED', '#F9BA8F',
  '#F29191', '#82B5D8', '#E5A8E2', '#AEA2E0', '#629E51', '#E5AC0E', '#64B0C8', '#E0752D', '#BF1B00', '#0A50A1',
  '#962D82', '#614D93', '#9AC48A', '#F2C96D', '#65C5DB', '#F9934E', '#EA6460', '#5195CE', '#D683CE', '#806EB7',
  '#3F6833', '#967302', '#2F575E', '#99440A', '#58140C', '#052B51', '#511749', '#3F2B5B', '#E0F9D7', '#FCEACA',
  '#CFFAFF', '#F9E2D2', '#FCE2DE', '#BADFF4', '#F9D9F9', '#DEDAF7',
];

/** The colour of the series with this number; after 56 they begin again. */
export function paletteColor(index: number, isDark: boolean): string {
  const at = Number.isFinite(index) ? ((Math.trunc(index) % classic.length) + classic.length) % classic.length : 0;
  return colorOf(classic[at]!, isDark);
}

/** A colour that goes with a name wherever it occurs. */
export function colorByName(name: string, isDark: boolean): string {
  // FNV-1a: spreads names that differ in their last letter.
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return paletteColor((hash >>> 0) % classic.length, isDark);
}

export type Rgb = [red: number, green: number, blue: number, alpha: number];

const cssNames: Record<string, string> = {
  black: '#000000', white: '#ffffff', gray: '#808080', grey: '#808080', silver: '#c0c0c0', maroon: '#800000', olive: '#808000', lime: '#00ff00', aqua: '#00ffff', cyan: '#00ffff',
  teal: '#008080', navy: '#000080', fuchsia: '#ff00ff', magenta: '#ff00ff', pink: '#ffc0cb', brown: '#a52a2a', gold: '#ffd700',
};

/** Channels 0 to 255 and alpha 0 to 1 of `#rgb`, `#rrggbb(aa)`, `rgb()`, `hsl()` and the most usual names. */
export function rgbOf(css: string): Rgb | undefined {
  const name = css.trim().toLowerCase();
  const text = Object.hasOwn(cssNames, name) ? cssNames[name]! : name;
  if (text === 'transparent') return [0, 0, 0, 0];
  if (/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(text)) {
    const digits = text.length <= 5 ? [...text.slice(1)].map((digit) => digit + digit).join('') : text.slice(1);
    const channel = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16);
    return [channel(0), channel(2), channel(4), digits.length === 8 ? channel(6) / 255 : 1];
  }
  const call = /^(rgb|hsl)a?\(([^()]{1,80})\)$/.exec(text);
  if (!call) return undefined;
  const parts = call[2]!.split(/[\s,/]+/).filter((part) => part !== '');
  if (parts.length < 3 || parts.length > 4) return undefined;
  const number = (part: string, whole: number) => (part.endsWith('%') ? (Number(part.slice(0, -1)) / 100) * whole : Number(part));
  const alpha = parts[3] === undefined ? 1 : number(parts[3], 1);
  const [a, b, c] =
    call[1] === 'rgb' ? parts.slice(0, 3).map((part) => number(part, 255)) : fromHsl(Number(parts[0]!.replace('deg', '')), number(parts[1]!, 1), number(parts[2]!, 1));
  const all: Rgb = [a!, b!, c!, alpha];
  return all.every(Number.isFinite) ? all : undefined;
}

function fromHsl(hue: number, saturation: number, lightness: number): [number, number, number] {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (turn: number) => {
    const at = (turn + hue / 30) % 12;
    return 255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

export function cssOf([red, green, blue, alpha]: Rgb): string {
  const whole = (channel: number) => Math.min(255, Math.max(0, Math.round(channel)));
  return alpha >= 1
    ? `#${[red, green, blue].map((channel) => whole(channel).toString(16).padStart(2, '0')).join('')}`
    : `rgba(${whole(red)}, ${whole(green)}, ${whole(blue)}, ${Number(alpha.toFixed(3))})`;
}

/** The colour with another opacity, 0 to 1; unchanged when it cannot be read. */
export function withAlpha(css: string, alpha: number): string {
  const rgb = rgbOf(css);
  return rgb ? cssOf([rgb[0], rgb[1], rgb[2], alpha]) : css;
}

/** Relative luminance as WCAG 2 defines it. */
function luminance([red, green, blue]: Rgb): number {
  const linear = (channel: number) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** Contrast of two opaque colours, 1 to 21, as WCAG 2 defines it. */
export function contrast(one: string, other: string): number {
  const [a, b] = [rgbOf(one), rgbOf(other)];
  if (!a || !b) return 1;
  const [light, dark] = [luminance(a), luminance(b)].sort((left, right) => right - left);
  return (light! + 0.05) / (dark! + 0.05);
}

/** Black or white, which of them reads better on a ground: 4.5 to 1 at least. A see-through ground lets the panel's through. */
export function textOn(css: string, isDark = false): string {
  const ground = rgbOf(colorOf('panel-bg', isDark))!;
  const [red, green, blue, alpha] = rgbOf(css) ?? ground;
  const over = (channel: number, under: number) => channel * alpha + under * (1 - alpha);
  const seen = cssOf([over(red, ground[0]), over(green, ground[1]), over(blue, ground[2]), 1]);
  return contrast(seen, '#000000') >= contrast(seen, '#ffffff') ? '#000000' : '#ffffff';
}
