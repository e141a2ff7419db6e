/** Lines as uPlot draws them: paths from runs of points, with gaps, areas and bars. */

import type uPlot from 'uplot';
import { columnsOf, fillColumns, level, strokeColumns, widened } from './columns';
import type { Cell } from './join';
import type { Line, Model } from './model';
import type { Point } from './paths';
import { area, bars, barWidth, line as drawLine } from './paths';
import { fillOf, strokeOf } from './paint';
import { lonely, runs, thin } from './runs';

/** The least distance in pixels between two points of a series; the step when there is one point alone. */
function leastDistance(u: uPlot, { drawn, frame }: Line, times: number[]): number {
  let least = Infinity;
  let last = -1;
  for (let index = 0; index < drawn.length; index += 1) {
    if (drawn[index] == null) continue;
    if (last >= 0) least = Math.min(least, times[index]! - times[last]!);
    last = index;
  }
  const { min, max } = u.scales.x!;
  if (min == null || max == null) return 1;
  const distance = Number.isFinite(least) ? least : (frame.meta?.stepMs ?? (max - min) / 8);
  return (distance / (max - min)) * u.bbox.width;
}

/** With more points than this to a pixel column, what is covered of each column is drawn. Strokes of a pixel bear many turns, areas do not. */
const most = { area: 1, line: 2 };

/** The parts of a run that have something below them: down to another series only where that one is. */
function based(run: number[], base: Cell[] | null): number[][] {
  if (base === null || run.every((index) => base[index] != null)) return [run];
  const parts: number[][] = [];
  let part: number[] = [];
  for (const index of run) {
    if (base[index] != null) part.push(index);
    else if (part.length > 0) {
      parts.push(part);
      part = [];
    }
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function paths(get: () => { model: Model; line: Line } | null, isDark: boolean): uPlot.Series.PathBuilder {
  return (u, _, from, to) => {
    const now = get();
    const scale = now && u.scales[now.line.scale];
    if (!now || !scale || scale.min == null || scale.max == null || now.line.style.draw === 'points') return null;
    const { line, model } = now;
    const { times } = model;
    const { style, drawn, base } = line;
    const { left, top: above, width: wide, height: high } = u.bbox;
    // uPlot's own way from a value to its place takes most of the time that many points need.
    const { min: start = 0, max: end = 1 } = u.scales.x!;
    const perMs = wide / (end - start);
    const x = (index: number) => left + (times[index]! - start) * perMs;
    const [ceiling, perUnit] = [scale.max, high / (scale.max - scale.min)];
    const y = style.distribution === 'linear' ? (value: number) => above + (ceiling - value) * perUnit : (value: number) => u.valToPos(value, line.scale, true);
    const column = (index: number) => Math.floor(x(index));
    const zero = style.distribution === 'log' ? scale.min : 0;
    const top = (index: number): Point => [x(index), y(drawn[index]!)];
    const bottom = (index: number): Point => [x(index), y(base?.[index] ?? zero)];
    const stroke = new Path2D();
    const fill = new Path2D();
    if (style.draw === 'bars') {
      const all = runs(drawn, times, from, to, { spanNullsMs: Infinity, insertNullsMs: Infinity }).flatMap((run) => thin(run, drawn, column));
      const width = barWidth(leastDistance(u, line, times), style.barWidthFactor, style.barMaxWidth * devicePixelRatio);
      const border = style.lineWidth * devicePixelRatio;
      // The border would cover bars that are hardly wider than it.
      const isWide = width > border * 2;
      bars(fill, all.map(top), all.map(bottom), width, style.barAlignment, isWide ? border : 0);
      if (isWide) bars(stroke, all.map(top), all.map(bottom), width, style.barAlignment, border);
      return { stroke: isWide ? stroke : null, fill, ...(isWide || border === 0 ? {} : { _fill: strokeOf(u, line, isDark) }), clip: null, band: null, gaps: [], flags: 0 };
    }
    const found = runs(drawn, times, from, to, style);
    const isFilled = style.fillOpacity > 0 || style.fillBelowTo !== null;
    const perColumn = found.reduce((sum, run) => sum + run.length, 0) / wide;
    const byColumns = { area: (isFilled && perColumn > most.area) || perColumn > most.line, line: perColumn > most.line && style.dash === null && style.lineWidth > 0 };
    const width = style.lineWidth * devicePixelRatio;
    // uPlot moves lines of odd widths by half a pixel, so that they lie on whole ones; upright strokes have one pixel.
    const offset = (width % 2) / 2;
    const shift = byColumns.line ? 0.5 : offset;
    const bounds = { left: Math.floor(left) - 1, right: Math.ceil(left + wide) + 1, top: above - width - 1, bottom: above + high + width + 1 };
    const columns = (run: number[], of: (index: number) => number) => columnsOf(run, (index) => x(index) + offset, (index) => of(index) + offset, style.interpolation, bounds);
    for (const run of found) {
      const kept = byColumns.line ? run : thin(run, drawn, column);
      const covered = byColumns.area ? columns(run, (index) => y(drawn[index]!)) : null;
      if (byColumns.line) strokeColumns(stroke, widened(covered!, width), shift);
      else drawLine(stroke, kept.map(top), style.interpolation);
      if (!isFilled) continue;
      for (const part of based(byColumns.area ? run : kept, base)) {
        if (part.length < 2 || covered === null) area(fill, part.map(top), part.map(bottom), style.interpolation);
        else if (base === null) fillColumns(fill, covered, level(covered, y(zero) + offset, bounds), shift);
        else fillColumns(fill, part === run ? covered : columns(part, (index) => y(drawn[index]!)), columns(part, (index) => y(base[index]!)), shift);
      }
    }
    // uPlot's type calls it `width`, its code does not.
    if (byColumns.line) return { stroke, fill, clip: null, band: null, gaps: [], flags: 0, _width: 1 / devicePixelRatio } as uPlot.Series.Paths;
    return { stroke, fill, clip: null, band: null, gaps: [], flags: 0 };
  };
}

/** uPlot's series for a line; `get` gives the line as it is now, for data may change without a new chart. */
export function seriesOf(shape: Line, get: () => { model: Model; line: Line } | null, isDark: boolean): uPlot.Series {
  const { style } = shape;
  const stroke = (u: uPlot) => {
    const now = get();
    return now ? strokeOf(u, now.line, isDark) : 'transparent';
  };
  const isLine = style.draw === 'line';
  const always = style.draw === 'points' || style.showPoints === 'always';
  return {
    label: shape.name,
    show: shape.shown,
    scale: shape.scale,
    width: style.draw === 'points' ? 0 : style.lineWidth,
    stroke,
    // uPlot's type knows no absent fill, its code does.
    fill: ((u: uPlot) => {
      const now = get();
      return now ? fillOf(u, now.line, isDark) : undefined;
    }) as uPlot.Series.Fill,
    ...(style.dash && isLine ? { dash: style.dash, cap: style.roundCap ? ('round' as const) : ('butt' as const) } : {}),
    paths: paths(get, isDark),
    points: {
      size: style.pointSize,
      width: 0,
      stroke,
      fill: stroke,
      show: (u, _, from, to) => {
        if (always) return true;
        if (!isLine || style.showPoints === 'never') return false;
        let count = 0;
        const values = get()?.line.drawn ?? [];
        for (let index = from; index <= to; index += 1) if (values[index] != null) count += 1;
        return count <= u.bbox.width / devicePixelRatio / (style.pointSize * 2);
      },
      filter: (u, _, show) => {
        const now = get();
        if (!now || (!show && (!isLine || style.showPoints === 'never'))) return null;
        const { line, model } = now;
        const [from, to] = [0, model.times.length - 1];
        if (!show) return lonely(line.drawn, model.times, line.style);
        const all = runs(line.drawn, model.times, from, to, { spanNullsMs: Infinity, insertNullsMs: Infinity })[0] ?? [];
        return thin(all, line.drawn, (index) => Math.floor(u.valToPos(model.times[index]!, 'x', true)));
      },
    },
  };
}
