/** A gauge's arc: from the lower left over the top to the lower right. */

/** Degrees from the top to each end. */
export const reach = 125;

export interface Spot {
  x: number;
  y: number;
}

/** A point at a share of the arc (0 is its left end), `radius` away from the middle. */
export function spotAt(share: number, radius: number, middle: Spot): Spot {
  const angle = ((share * 2 - 1) * reach * Math.PI) / 180;
  return { x: middle.x + radius * Math.sin(angle), y: middle.y - radius * Math.cos(angle) };
}

const round = (value: number) => Math.round(value * 100) / 100;

/** A piece of the ring between two shares; empty when it has no length. */
export function arcPath(from: number, to: number, outer: number, inner: number, middle: Spot): string {
  if (!(to > from) || outer <= 0) return '';
  const large = (to - from) * 2 * reach > 180 ? 1 : 0;
  const [a, b, c, d] = [spotAt(from, outer, middle), spotAt(to, outer, middle), spotAt(to, inner, middle), spotAt(from, inner, middle)].map(({ x, y }) => `${round(x)} ${round(y)}`);
  return `M${a}A${round(outer)} ${round(outer)} 0 ${large} 1 ${b}L${c}A${round(inner)} ${round(inner)} 0 ${large} 0 ${d}Z`;
}

export interface GaugeLayout {
  middle: Spot;
  /** Outer and inner radius of the ring of the value; that of the thresholds lies around it. */
  outer: number;
  inner: number;
  ring: number;
  titleSize: number;
  /** Where the name begins, from the top. */
  titleTop: number;
  /** How wide and high the value may be. */
  valueWidth: number;
  valueHeight: number;
}

/** What fits into a place, with a name below and, if asked, labels around. */
export function gaugeLayout(width: number, height: number, { hasTitle, hasMarkers, hasLabels, titleSize }: { hasTitle: boolean; hasMarkers: boolean; hasLabels: boolean; titleSize?: number }): GaugeLayout {
  const title = hasTitle ? (titleSize ?? Math.max(9, Math.min(20, Math.round(height * 0.1)))) : 0;
  const label = hasLabels ? Math.min(36, width * 0.12) : 2;
  const below = -Math.cos((reach * Math.PI) / 180);
  const free = height - title * 1.3 - (hasLabels ? 14 : 2);
  const radius = Math.max(6, Math.min(width / 2 - label, free / (1 + below)));
  const ring = hasMarkers ? Math.max(2, radius * 0.05) : 0;
  const outer = radius - (hasMarkers ? ring + Math.max(1, radius * 0.02) : 0);
  const inner = outer - Math.max(3, radius * 0.19);
  const middle = { x: width / 2, y: (hasLabels ? 13 : 1) + radius + Math.max(0, (free - radius * (1 + below)) / 2) };
  return {
    middle,
    titleTop: Math.min(height - title * 1.3, middle.y + radius * below + (hasLabels ? 8 : 2)),
    outer,
    inner,
    ring: radius,
    titleSize: title,
    valueWidth: inner * 1.7,
    valueHeight: inner * 0.62,
  };
}
