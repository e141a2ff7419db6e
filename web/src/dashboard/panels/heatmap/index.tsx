import { useCallback, useMemo, useRef } from 'react';
import type { PanelProps } from '../../panel';
import { Framed } from '../legend/Framed';
import { Nothing } from '../Nothing';
import { exemplarsOf } from '../timeseries/exemplars';
import { cellsOf, visible } from './cells';
import { colorIndex, palette } from './colors';
import { Heat } from './Heat';
import { countText } from './names';
import type { HeatmapOptions } from './options';
import { heatmapOptions } from './options';
import './heatmap.css';

const below = { right: false, table: false, width: null };

export default function Heatmap({ panel, options, frames, annotations, exemplars, width, height, range, timeZone, isDark, sharedCursor, cursorKey, onRange }: PanelProps) {
  const how = useMemo(() => heatmapOptions(options), [options]);
  const model = useMemo(() => cellsOf(frames, how, range), [frames, how, range]);
  const shown = useMemo(() => (model ? visible(model, how) : null), [model, how]);
  const colors = useMemo(() => palette(how.color, isDark), [how, isDark]);
  const marks = useMemo(() => exemplarsOf(exemplars), [exemplars]);
  // The mark on the colours follows the pointer without drawing anything else anew.
  const pointer = useRef<HTMLSpanElement>(null);
  const onHover = useCallback(
    (count: number | null) => {
      const node = pointer.current;
      if (!node || !shown) return;
      node.hidden = count === null;
      if (count !== null) node.style.left = `${((colorIndex(count, shown.low, shown.high, colors.length, how.color.exponent) + 0.5) / colors.length) * 100}%`;
    },
    [shown, colors, how],
  );
  if (!model || !shown || model.cells.length === 0) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue ?? 'No data'} />;
  const label = `${panel.title || 'Heatmap'}: ${shown.cells.length} cells, counts from ${countText(shown.low, how)} to ${countText(shown.high, how)}`;
  return (
    <Framed width={width} height={height} options={below} legend={how.legend || model.problems.length > 0 ? <Legend colors={colors} low={shown.low} high={shown.high} options={how} problems={model.problems} pointer={pointer} /> : null}>
      {(wide, high) => (
        <Heat
          label={label}
          model={model}
          shown={shown}
          colors={colors}
          options={how}
          annotations={annotations}
          exemplars={marks}
          width={wide}
          height={high}
          range={range}
          timeZone={timeZone}
          isDark={isDark}
          sharedCursor={sharedCursor}
          cursorKey={cursorKey}
          onRange={onRange}
          onHover={onHover}
        />
      )}
    </Framed>
  );
}

interface LegendProps {
  colors: string[];
  low: number;
  high: number;
  options: HeatmapOptions;
  problems: string[];
  pointer: React.RefObject<HTMLSpanElement | null>;
}

/** Which colour stands for which count. */
function Legend({ colors, low, high, options, problems, pointer }: LegendProps) {
  // Hard edges: each step is one colour.
  const stops = colors.map((color, index) => `${color} ${(index / colors.length) * 100}% ${((index + 1) / colors.length) * 100}%`).join(', ');
  const { exponent } = options.color;
  const middle = low + (high - low) * 0.5 ** (1 / exponent);
  return (
    <div className="heatmap-legend">
      {options.legend && (
        <div className="heatmap-scale">
          <div className="heatmap-colors" style={{ background: `linear-gradient(90deg, ${stops})` }}>
            <span ref={pointer} hidden />
          </div>
          <div className="heatmap-ends num">
            <span>{countText(low, options)}</span>
            <span>{countText(middle, options)}</span>
            <span>{countText(high, options)}</span>
          </div>
        </div>
      )}
      {problems.map((problem) => (
        <div key={problem} className="dim">
          {problem}
        </div>
      ))}
    </div>
  );
}
