import { useMemo } from 'react';
import { displayText } from '../../display';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Bar } from '../parts/Bar';
import { colorOr, inkOf } from '../parts/contrast';
import { Linked } from '../parts/Linked';
import { Nothing } from '../Nothing';
import { orientationOf, places } from '../parts/places';
import { reached } from '../parts/reached';
import { measure, widest } from '../parts/text-size';
import type { ReduceOptions } from '../values';
import { displayedValues, hidesTitle, shareOf } from '../values';
import { barLayout } from './layout';
import './bargauge.css';

const pixels = (value: unknown, otherwise: number) => (typeof value === 'number' && value > 0 ? value : otherwise);

/** Values as bars between their least and greatest. */
export default function BarGauge({ options, panel, frames, width, height, isDark, interpolate, link }: PanelProps<JsonObject>) {
  const values = useMemo(() => displayedValues(frames, (options.reduceOptions ?? {}) as ReduceOptions, { isDark, interpolate }), [frames, options, isDark, interpolate]);
  const noValue = panel.fieldConfig?.defaults.noValue;
  if (values.length === 0) return <Nothing width={width} height={height} text={noValue || undefined} />;
  const orientation = orientationOf(options.orientation);
  const direction = orientation === 'auto' ? (width > height ? 'vertical' : 'horizontal') : orientation;
  const manual = options.sizing === 'manual';
  const mode = options.displayMode === 'basic' || options.displayMode === 'lcd' ? options.displayMode : 'gradient';
  const gap = values.length > 20 ? 4 : mode === 'lcd' && direction === 'horizontal' ? 2 : 8;
  const place = places(width, height, values.length, direction, {
    gap,
    least: direction === 'vertical' ? { width: manual ? pixels(options.minVizWidth, 8) : 24, height: 0 } : { width: 0, height: manual ? pixels(options.minVizHeight, 16) : 16 },
    most: { width: Infinity, height: direction === 'horizontal' ? pixels(options.maxVizHeight, 300) : Infinity },
  });
  const words = values.map((each) => displayText(each.display) || (each.value == null ? noValue || 'No data' : ''));
  const text = (options.text ?? {}) as { titleSize?: number; valueSize?: number };
  const isValueHidden = options.valueMode === 'hidden';
  const layout = barLayout({
    ...place,
    direction,
    placement: options.namePlacement,
    name: hidesTitle(values) ? '' : widest(values.map(({ title }) => title), 400),
    value: isValueHidden ? '' : widest(words),
    titleSize: text.titleSize,
    valueSize: text.valueSize,
    by: measure,
  });
  const scrolls = place.rows * (place.height + gap) - gap > height + 1 || place.columns * (place.width + gap) - gap > width + 1;
  return (
    <div style={{ width, height, overflow: scrolls ? 'auto' : 'hidden' }} {...(scrolls ? { ...reached, role: 'group', 'aria-label': panel.title || 'Bars' } : {})}>
      <div className="bar-gauges" style={{ gridTemplateColumns: `repeat(${place.columns}, ${place.width}px)`, gridAutoRows: `${place.height}px`, gap }}>
        {values.map((each, index) => {
          const { numeric } = each.display;
          const scale = { min: each.min, max: each.max };
          const color = colorOr(each.display.color, 'var(--accent)');
          const name = layout.name !== 'hidden' && (
            <span className="bar-name" style={{ fontSize: layout.nameSize, lineHeight: 1.25, ...(layout.name === 'left' ? { width: layout.nameRoom } : { height: layout.nameRoom }) }}>
              {each.title}
            </span>
          );
          const value = layout.valueRoom > 0 && (
            <span className="bar-value num" style={{ fontSize: layout.valueSize, color: options.valueMode === 'text' ? undefined : inkOf(each.display.color, layout.valueSize, isDark), ...(direction === 'horizontal' ? { width: layout.valueRoom } : { height: layout.valueRoom }) }}>
              {words[index]}
            </span>
          );
          const bar = (
            <span role="meter" aria-label={each.title} aria-valuetext={words[index]} aria-valuenow={Number.isFinite(numeric) ? numeric : undefined} aria-valuemin={each.min} aria-valuemax={each.max}>
              <Bar share={Number.isNaN(numeric) ? 0 : shareOf(numeric, scale)} scale={scale} field={each.field} width={layout.barWidth} height={layout.barHeight} color={color} mode={mode} direction={direction} showEmpty={options.showUnfilled !== false} />
            </span>
          );
          return (
            <Linked key={each.key} links={each.field.config.links} link={link} scoped={each.scoped} label={`${each.title}: ${words[index]}`} className={`bar-gauge ${direction} name-${layout.name}`} style={{ width: place.width, height: place.height }}>
              <span className="bar-gauge-inside" title={`${each.title}: ${words[index]}`}>
                {direction === 'vertical' ? (
                  <>
                    {value}
                    {bar}
                    {name}
                  </>
                ) : (
                  <>
                    {name}
                    <span className="bar-row">
                      {bar}
                      {value}
                    </span>
                  </>
                )}
              </span>
            </Linked>
          );
        })}
      </div>
    </div>
  );
}
