/** Line colours, told apart in both schemes and by most people with colour blindness; dashes tell repeats apart. */
const light = ['#1f6f84', '#c4572a', '#5d4ea3', '#3f7d3a', '#b0246b', '#8a6a00', '#2a5db0', '#6b4a36', '#00806a', '#8b3a3a'];
const dark = ['#63bcd0', '#f08f5f', '#a99cf0', '#86c97f', '#ee7fb4', '#d9b84a', '#7eaaf0', '#c69f86', '#4fd0b5', '#e08a8a'];

export function lineColor(index: number, isDark: boolean): string {
  const colors = isDark ? dark : light;
  return colors[index % colors.length]!;
}

export function lineDash(index: number): number[] | undefined {
  const round = Math.floor(index / light.length) % 3;
  return round === 0 ? undefined : round === 1 ? [6, 3] : [2, 3];
}

/** `#rrggbb`, also of a colour that the stylesheet abbreviates to `#rgb`. */
const long = (color: string) => (color.length === 4 ? `#${[...color.slice(1)].map((digit) => digit + digit).join('')}` : color);

/** A `share` of one `#rrggbb` or `#rgb` colour over another. */
export function mixed(color: string, ground: string, share: number): string {
  const part = (text: string, at: number) => Number.parseInt(text.slice(at, at + 2), 16);
  const channels = [1, 3, 5].map((at) => Math.round(part(long(color), at) * share + part(long(ground), at) * (1 - share)));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
