/** Draws lanes of states onto a canvas. */

import { textOn, withAlpha } from '../../display';
import type { TimeSpan } from '../../panel';
import { fontFamily } from '../parts/text-size';
import type { Lane } from './states';

export interface Look {
  width: number;
  height: number;
  span: TimeSpan;
  /** Shares of a lane's height, and of a sample's width. */
  rowHeight: number;
  columnWidth: number;
  showValue: 'auto' | 'always' | 'never';
  align: 'left' | 'center' | 'right';
  isDark: boolean;
}

/** The css variables that a canvas does not know by itself. */
export function resolved(color: string, node: Element): string {
  const name = /^var\((--[\w-]+)\)$/.exec(color)?.[1];
  return name ? getComputedStyle(node).getPropertyValue(name).trim() || '#888888' : color;
}

const number = (value: unknown, otherwise: number) => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise);
const fontSize = 12;
const padding = 4;

export function paint(canvas: HTMLCanvasElement, lanes: Lane[], look: Look): void {
  const scale = devicePixelRatio || 1;
  const { width, height, span, rowHeight, columnWidth, showValue, align, isDark } = look;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context || lanes.length === 0 || !(span.to > span.from)) return;
  context.scale(scale, scale);
  context.font = `${fontSize}px ${fontFamily}`;
  context.textBaseline = 'middle';
  const lane = height / lanes.length;
  const thick = Math.max(1, lane * rowHeight);
  const x = (time: number) => ((time - span.from) / (span.to - span.from)) * width;
  lanes.forEach(({ states, field }, index) => {
    const top = index * lane + (lane - thick) / 2;
    const custom = field.config.custom ?? {};
    const opacity = Math.min(100, Math.max(0, number(custom.fillOpacity, 70))) / 100;
    const line = Math.max(0, number(custom.lineWidth, 0));
    let drawn = -Infinity;
    for (const { from, to, color: given, text } of states) {
      if (to <= span.from || from >= span.to) continue;
      const color = resolved(given, canvas);
      const lost = ((to - from) * (1 - columnWidth)) / 2;
      const left = Math.max(0, x(from + lost));
      const right = Math.min(width, x(to - lost));
      // What is narrower than a pixel and lies on one that is taken already would not be seen.
      if (right - left < 0.5 && right - drawn < 0.5) continue;
      drawn = right;
      const wide = Math.max(1, right - left);
      const filled = withAlpha(color, opacity);
      context.fillStyle = filled;
      context.fillRect(left, top, wide, thick);
      if (line > 0) {
        context.strokeStyle = color;
        context.lineWidth = line;
        context.strokeRect(left + line / 2, top + line / 2, Math.max(0, wide - line), Math.max(0, thick - line));
      }
      if (showValue === 'never' || text === '' || thick < fontSize + 1) continue;
      if (showValue === 'auto' && (wide < 2 * padding + 8 || context.measureText(text).width > wide - 2 * padding)) continue;
      context.save();
      context.beginPath();
      context.rect(left, top, wide, thick);
      context.clip();
      context.fillStyle = textOn(filled, isDark);
      context.textAlign = align;
      context.fillText(text, align === 'left' ? left + padding : align === 'right' ? right - padding : (left + right) / 2, top + thick / 2 + 0.5);
      context.restore();
    }
  });
}
