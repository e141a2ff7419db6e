/** How a bar gauge divides a bar's place among its name, the bar and the value. */

import type { Measure } from '../parts/text-size';
import { fittingSize } from '../parts/text-size';

export type NamePlacement = 'left' | 'top' | 'bottom' | 'hidden';

export interface BarLayout {
  direction: 'horizontal' | 'vertical';
  name: NamePlacement;
  nameSize: number;
  /** Pixels that the name takes of the width (`left`) or of the height. */
  nameRoom: number;
  valueSize: number;
  /** Pixels that the value takes at the end of the bar; 0 when it is not written. */
  valueRoom: number;
  barWidth: number;
  barHeight: number;
}

interface Given {
  width: number;
  height: number;
  direction: 'horizontal' | 'vertical';
  placement: unknown;
  /** The widest of all names and values; empty when none is shown. */
  name: string;
  value: string;
  titleSize?: number;
  valueSize?: number;
  by?: Measure;
}

const gap = 6;
const lineHeight = 1.25;
/** From this height on there is room for a name above a bar. */
const roomForTop = 40;

export function barLayout({ width, height, direction, placement, name, value, titleSize, valueSize, by }: Given): BarLayout {
  const hasName = name !== '' && placement !== 'hidden';
  const hasValue = value !== '';
  if (direction === 'vertical') {
    const size = hasName ? (titleSize ?? fittingSize(name, width, Math.min(height * 0.15, 18 * lineHeight), { lineHeight, by, weight: 400, most: 16 })) : 0;
    const nameRoom = hasName ? Math.ceil(size * lineHeight) + 2 : 0;
    const written = hasValue ? (valueSize ?? fittingSize(value, width, height * 0.2, { lineHeight, by, most: 40 })) : 0;
    const valueRoom = hasValue ? Math.ceil(written * lineHeight) : 0;
    return { direction, name: hasName ? 'bottom' : 'hidden', nameSize: size, nameRoom, valueSize: written, valueRoom, barWidth: width, barHeight: Math.max(2, height - nameRoom - valueRoom) };
  }
  const place: NamePlacement = !hasName ? 'hidden' : placement === 'left' || placement === 'top' ? placement : height >= roomForTop ? 'top' : 'left';
  const width0 = (size: number) => Math.ceil((by ? by(name, 400) : name.length * 0.6) * size) + gap;
  let nameSize = 0;
  let nameRoom = 0;
  let barHeight = height;
  let free = width;
  if (place === 'top') {
    nameSize = titleSize ?? Math.max(8, Math.min(16, Math.floor((height * 0.35) / lineHeight)));
    nameRoom = Math.ceil(nameSize * lineHeight);
    barHeight = Math.max(2, height - nameRoom);
  } else if (place === 'left') {
    nameSize = titleSize ?? Math.max(8, Math.min(14, Math.floor(height * 0.7)));
    nameRoom = Math.min(Math.floor(width * 0.4), width0(nameSize));
    free -= nameRoom;
  }
  const written = hasValue ? (valueSize ?? fittingSize(value, free * 0.3, barHeight * 0.9, { lineHeight: 1.1, by, most: 36 })) : 0;
  const valueRoom = hasValue ? Math.min(Math.floor(free * 0.5), Math.ceil((by ? by(value, 500) : value.length * 0.6) * written) + gap + 2) : 0;
  return { direction, name: place, nameSize, nameRoom, valueSize: written, valueRoom, barWidth: Math.max(2, free - valueRoom), barHeight };
}
