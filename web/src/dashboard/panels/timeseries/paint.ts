/** Colours of lines and areas, and of the stripes and lines of thresholds. */

import type uPlot from 'uplot';
import { colorOf, defaultThresholds, rgbOf, scaleOf, thresholdSteps, withAlpha } from '../../display';
import type { Field } from '../../frame';
import type { AxisScale } from './axes';
import type { Line } from './model';

type Paint = string | CanvasGradient;

/** The colour with its hue turned by degrees and its lightness moved by a share. */
export function turned(css: string, degrees: number, lighter: number): string {
  const [r, g, b] = (rgbOf(css) ?? [128, 128, 128, 1]).map((channel) => channel / 255) as [number, number, number, number];
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  const light = (most + least) / 2;
  const delta = most - least;
  const saturation = delta === 0 ? 0 : delta / (1 - Math.abs(2 * light - 1));
  const sector = delta === 0 ? 0 : most === r ? ((g - b) / delta) % 6 : most === g ? (b - r) / delta + 2 : (r - g) / delta + 4;
  return `hsl(${Math.round((sector * 60 + degrees + 720) % 360)} ${Math.round(saturation * 100)}% ${Math.round(Math.min(Math.max(light + lighter, 0), 1) * 100)}%)`;
}

/** The steps of thresholds as values of the axis: percentages go by the field's ends, else by the axis'. */
export function stepsOnAxis(field: Pick<Field, 'config'>, low: number, high: number, isDark: boolean): { value: number; color: string }[] {
  const { thresholds = defaultThresholds, min, max } = field.config;
  const [from, to] = [min ?? low, max ?? high];
  return thresholdSteps(thresholds).map(({ value, color }) => ({
    value: value === null ? -Infinity : thresholds.mode === 'percentage' ? from + ((to - from) * value) / 100 : value,
    color: colorOf(color, isDark),
  }));
}

/** Places between two ends of an axis at which the colour of a continuous scale is taken. */
const samples = 24;

/** An upright gradient whose colours are those of the axis' values. */
function schemeGradient(u: uPlot, line: Line, isDark: boolean, opacity: number): Paint {
  const { min, max } = u.scales[line.scale]!;
  const { top, height } = u.bbox;
  if (min == null || max == null || height === 0) return withAlpha(line.color, opacity);
  const gradient = u.ctx.createLinearGradient(0, top + height, 0, top);
  const place = (value: number) => Math.min(Math.max((top + height - u.valToPos(value, line.scale, true)) / height, 0), 1);
  const mode = line.field.config.color?.mode ?? '';
  if (mode === 'thresholds') {
    const steps = stepsOnAxis(line.field, min, max, isDark);
    if (steps.length === 0) return withAlpha(line.color, opacity);
    steps.forEach(({ value, color }, index) => {
      const from = index === 0 || value === -Infinity ? 0 : place(value);
      const next = steps[index + 1];
      gradient.addColorStop(from, withAlpha(color, opacity));
      gradient.addColorStop(next ? place(next.value) : 1, withAlpha(color, opacity));
    });
    return gradient;
  }
  if (!mode.startsWith('continuous')) return withAlpha(line.color, opacity);
  const scale = scaleOf(line.field, isDark);
  for (let index = 0; index <= samples; index += 1) {
    const value = u.posToVal(top + height - (height * index) / samples, line.scale, true);
    gradient.addColorStop(index / samples, withAlpha(scale(value).color, opacity));
  }
  return gradient;
}

export function strokeOf(u: uPlot, line: Line, isDark: boolean): Paint {
  return line.style.gradient === 'scheme' ? schemeGradient(u, line, isDark, 1) : line.color;
}

export function fillOf(u: uPlot, line: Line, isDark: boolean): Paint | undefined {
  const { gradient, draw, fillBelowTo } = line.style;
  const opacity = line.style.fillOpacity / 100;
  // An area down to another series is wanted for itself: it is there without an opacity too.
  const share = opacity === 0 && fillBelowTo !== null ? 0.35 : opacity;
  if (share === 0 || draw === 'points') return undefined;
  if (gradient === 'scheme') return schemeGradient(u, line, isDark, share);
  if (gradient === 'none') return withAlpha(line.color, share);
  const { top, height } = u.bbox;
  const ramp = u.ctx.createLinearGradient(0, top, 0, top + height);
  if (gradient === 'opacity') {
    ramp.addColorStop(0, withAlpha(line.color, share));
    ramp.addColorStop(1, withAlpha(line.color, share * 0.05));
  } else {
    ramp.addColorStop(0, withAlpha(turned(line.color, 15, 0.05), share));
    ramp.addColorStop(1, withAlpha(turned(line.color, -25, -0.05), share));
  }
  return ramp;
}

/** Thresholds below the lines: stripes of their colours, and level lines at their values. */
export function drawThresholds(u: uPlot, axes: AxisScale[], fields: Map<string, Field>, isDark: boolean): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  for (const { key, style } of axes) {
    const field = fields.get(key);
    const { min, max } = u.scales[key] ?? {};
    if (!field || min == null || max == null || style.thresholdsStyle === 'off' || style.thresholdsStyle === 'series') continue;
    const steps = stepsOnAxis(field, min, max, isDark);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (style.thresholdsStyle.includes('area')) {
      steps.forEach(({ value, color }, index) => {
        const from = Math.max(value, min);
        const to = Math.min(steps[index + 1]?.value ?? max, max);
        if (!(to > from) || color === 'transparent') return;
        const [low, high] = [u.valToPos(from, key, true), u.valToPos(to, key, true)];
        ctx.fillStyle = withAlpha(color, 0.14);
        ctx.fillRect(bbox.left, high, bbox.width, low - high);
      });
    }
    if (style.thresholdsStyle !== 'area') {
      ctx.lineWidth = 2 * ratio;
      ctx.setLineDash(style.thresholdsStyle.startsWith('dashed') ? [10 * ratio, 10 * ratio] : []);
      for (const { value, color } of steps) {
        if (value === -Infinity || value < min || value > max) continue;
        const y = Math.round(u.valToPos(value, key, true));
        ctx.strokeStyle = withAlpha(color, 0.9);
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
      }
    }
    ctx.restore();
  }
}
