/** How large texts may be to fit their place. */

export const fontFamily = 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif';

/** Width in pixels of a text at a font size of 1 pixel. */
export type Measure = (text: string, weight?: number) => number;

let canvas: CanvasRenderingContext2D | null | undefined;
/** Where there is no canvas to measure on. */
const guessed = 0.6;
const known = new Map<string, number>();
/** Widths that are remembered before all are forgotten. */
const mostKnown = 5_000;

export const measure: Measure = (text, weight = 500) => {
  const key = `${weight} ${text}`;
  const width = known.get(key);
  if (width !== undefined) return width;
  canvas ??= typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d');
  if (!canvas) return text.length * guessed;
  canvas.font = `${weight} 100px ${fontFamily}`;
  const measured = canvas.measureText(text).width / 100;
  if (known.size >= mostKnown) known.clear();
  known.set(key, measured);
  return measured;
};

/** The largest font size, in whole pixels, at which a text fits a place. */
export function fittingSize(text: string, width: number, height: number, { most = Infinity, least = 8, lineHeight = 1.2, weight = 500, by = measure }: { most?: number; least?: number; lineHeight?: number; weight?: number; by?: Measure } = {}): number {
  const unit = by(text, weight);
  // A little room is left: what is measured and what is drawn differ by fractions.
  const size = Math.min(unit > 0 ? (width * 0.98) / unit : Infinity, height / lineHeight, most);
  return Math.max(least, Math.floor(Number.isFinite(size) ? size : height / lineHeight));
}

/** The widest of several texts: all of them are drawn at the size that it fits at. */
export function widest(texts: string[], weight = 500, by: Measure = measure): string {
  let found = '';
  let most = -1;
  for (const text of texts) {
    const width = by(text, weight);
    if (width > most) [found, most] = [text, width];
  }
  return found;
}
