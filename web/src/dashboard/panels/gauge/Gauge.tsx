import { useMemo } from 'react';
import { displayText } from '../../display';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { bandsOf } from '../parts/bands';
import { colorOr, inkOf } from '../parts/contrast';
import { Linked } from '../parts/Linked';
import { Nothing } from '../Nothing';
import { orientationOf, places } from '../parts/places';
import { reached } from '../parts/reached';
import { fittingSize, measure, widest } from '../parts/text-size';
import type { DisplayedValue, ReduceOptions } from '../values';
import { displayedValues, hidesTitle, shareOf, shownAs } from '../values';
import { arcPath, gaugeLayout, spotAt } from './arc';
import './gauge.css';

const gap = 8;
const pixels = (value: unknown, otherwise: number) => (typeof value === 'number' && value > 0 ? value : otherwise);

/** Values on arcs between their least and greatest. */
export default function Gauge({ options, panel, frames, width, height, isDark, interpolate, link }: PanelProps<JsonObject>) {
  const values = useMemo(() => displayedValues(frames, (options.reduceOptions ?? {}) as ReduceOptions, { isDark, interpolate }), [frames, options, isDark, interpolate]);
  const noValue = panel.fieldConfig?.defaults.noValue;
  if (values.length === 0) return <Nothing width={width} height={height} text={noValue || undefined} />;
  const manual = options.sizing === 'manual';
  const place = places(width, height, values.length, orientationOf(options.orientation), {
    gap,
    least: { width: manual ? pixels(options.minVizWidth, 75) : 75, height: manual ? pixels(options.minVizHeight, 75) : 75 },
  });
  const scrolls = place.rows * (place.height + gap) - gap > height + 1 || place.columns * (place.width + gap) - gap > width + 1;
  const text = (options.text ?? {}) as { titleSize?: number; valueSize?: number };
  const hasTitle = !hidesTitle(values);
  const isSmall = Math.min(place.width, place.height) < 60;
  const hasMarkers = options.showThresholdMarkers !== false && !isSmall;
  const hasLabels = options.showThresholdLabels === true && !isSmall;
  const layout = gaugeLayout(place.width, place.height, { hasTitle, hasMarkers, hasLabels, titleSize: text.titleSize });
  const words = values.map((each) => displayText(each.display) || (each.value == null ? noValue || 'No data' : ''));
  const valueSize = text.valueSize ?? fittingSize(widest(words), layout.valueWidth, layout.valueHeight, { lineHeight: 1.1, by: measure, least: 7 });
  return (
    <div style={{ width, height, overflow: scrolls ? 'auto' : 'hidden' }} {...(scrolls ? { ...reached, role: 'group', 'aria-label': panel.title || 'Gauges' } : {})}>
      <div className="gauges" style={{ gridTemplateColumns: `repeat(${place.columns}, ${place.width}px)`, gridAutoRows: `${place.height}px`, gap }}>
        {values.map((each, index) => (
          <OneGauge key={each.key} each={each} text={words[index]!} hasTitle={hasTitle} hasMarkers={hasMarkers} hasLabels={hasLabels} width={place.width} height={place.height} layout={layout} valueSize={valueSize} isDark={isDark} link={link} />
        ))}
      </div>
    </div>
  );
}

interface OneProps {
  each: DisplayedValue;
  text: string;
  hasTitle: boolean;
  hasMarkers: boolean;
  hasLabels: boolean;
  width: number;
  height: number;
  layout: ReturnType<typeof gaugeLayout>;
  valueSize: number;
  isDark: boolean;
  link: PanelProps['link'];
}

function OneGauge({ each, text, hasTitle, hasMarkers, hasLabels, width, height, layout, valueSize, isDark, link }: OneProps) {
  const { middle, outer, inner, ring } = layout;
  const scale = { min: each.min, max: each.max };
  const { numeric } = each.display;
  const share = Number.isNaN(numeric) ? 0 : shareOf(numeric, scale);
  const color = colorOr(each.display.color, 'var(--accent)');
  const bands = hasMarkers || hasLabels ? bandsOf(each.field, scale, isDark) : [];
  const ticks = hasLabels ? [...new Set([each.min, ...bands.map(({ value }) => value).filter((value) => value > each.min && value < each.max), each.max])] : [];
  return (
    <Linked links={each.field.config.links} link={link} scoped={each.scoped} label={`${each.title}: ${text}`} className="gauge" style={{ width, height }}>
      <svg width={width} height={height} role="meter" aria-label={each.title} aria-valuetext={text} aria-valuenow={Number.isFinite(numeric) ? numeric : undefined} aria-valuemin={each.min} aria-valuemax={each.max}>
        <path d={arcPath(0, 1, outer, inner, middle)} fill="var(--hover)" />
        <path d={arcPath(0, share, outer, inner, middle)} fill={color} />
        {hasMarkers && bands.map((band, index) => <path key={index} d={arcPath(band.from, band.to, ring, ring - Math.max(2, ring * 0.05), middle)} fill={band.color} />)}
        {ticks.map((value) => {
          const at = shareOf(value, scale);
          const spot = spotAt(at, ring + 5, middle);
          return (
            <text key={value} x={spot.x} y={spot.y} className="gauge-tick num" textAnchor={at < 0.4 ? 'end' : at > 0.6 ? 'start' : 'middle'}>
              {displayText(shownAs(each.field, value))}
            </text>
          );
        })}
        <text x={middle.x} y={middle.y} className="gauge-value num" textAnchor="middle" dominantBaseline="central" style={{ fontSize: valueSize, fill: inkOf(each.display.color, valueSize, isDark) }}>
          {text}
        </text>
      </svg>
      {hasTitle && (
        <div className="gauge-title" style={{ fontSize: layout.titleSize, top: layout.titleTop }} title={each.title}>
          {each.title}
        </div>
      )}
    </Linked>
  );
}
