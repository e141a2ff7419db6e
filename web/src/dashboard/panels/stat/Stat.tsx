import { useMemo } from 'react';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Linked } from '../parts/Linked';
import { Nothing } from '../Nothing';
import { orientationOf, places } from '../parts/places';
import { reached } from '../parts/reached';
import { Sparkline } from '../parts/Sparkline';
import { displayText, textOn } from '../../display';
import { backgroundOf, colorOr, inkOf } from '../parts/contrast';
import { measure, widest } from '../parts/text-size';
import type { DisplayedValue, ReduceOptions } from '../values';
import { changeText, displayedValues } from '../values';
import type { StatLayout, StatOptions } from './layout';
import { statLayout, statOptions, textsOf } from './layout';
import './stat.css';

const gap = 6;
const least = { width: 36, height: 22 };

/** One number or many, large; with what they were before as a line behind them. */
export default function Stat({ options, panel, frames, width, height, isDark, interpolate, link }: PanelProps<JsonObject>) {
  const values = useMemo(() => displayedValues(frames, (options.reduceOptions ?? {}) as ReduceOptions, { isDark, interpolate }), [frames, options, isDark, interpolate]);
  const stat = useMemo(() => statOptions(options), [options]);
  const noValue = panel.fieldConfig?.defaults.noValue;
  if (values.length === 0 || width < 1 || height < 1) return <Nothing width={width} height={height} text={noValue || undefined} />;

  const place = places(width, height, values.length, orientationOf(options.orientation), { gap, grid: true, least });
  const shown = values.map((each) => {
    const value = displayText(each.display) || (each.value == null ? noValue || 'No data' : '');
    const change = stat.showPercentChange && each.change !== undefined ? each.change : undefined;
    return { each, value, change, texts: textsOf(stat.textMode, values.length, each.title, value) };
  });
  const hasLine = stat.graphMode === 'area' && values.some(({ line }) => line !== undefined && line.times.length > 1);
  const isWide = stat.textMode !== 'name' && stat.textMode !== 'none';
  const layout = statLayout({
    ...place,
    title: widest(shown.map(({ texts }) => texts.name), 400),
    value: widest(shown.map(({ texts }) => texts.value)),
    percent: isWide ? widest(shown.flatMap(({ change }) => (change === undefined ? [] : [withArrow(change)]))) : '',
    hasLine,
    options: stat,
    by: measure,
  });
  const scrolls = place.rows * (place.height + gap) - gap > height + 1 || place.columns * (place.width + gap) - gap > width + 1;
  return (
    <div className="stat-values" style={{ width, height, overflow: scrolls ? 'auto' : 'hidden' }} {...(scrolls ? { ...reached, role: 'group', 'aria-label': panel.title ?? 'Values' } : {})}>
      <div className="stat-grid" style={{ gridTemplateColumns: `repeat(${place.columns}, ${place.width}px)`, gridAutoRows: `${place.height}px`, gap }}>
        {shown.map(({ each, texts, value, change }) => (
          <OneStat key={each.key} each={each} name={texts.name} text={texts.value} whole={`${each.title}: ${value}`} change={isWide ? change : undefined} width={place.width} height={place.height} layout={layout} options={stat} link={link} isDark={isDark} />
        ))}
      </div>
    </div>
  );
}

const withArrow = (change: number) => `${change > 0 ? '▲' : change < 0 ? '▼' : ''} ${changeText(change)}`;

interface OneProps {
  each: DisplayedValue;
  name: string;
  text: string;
  /** Name and value, whatever of them is written. */
  whole: string;
  change: number | undefined;
  width: number;
  height: number;
  layout: StatLayout;
  options: StatOptions;
  link: PanelProps['link'];
  isDark: boolean;
}

function OneStat({ each, name, text, whole, change, width, height, layout, options, link, isDark }: OneProps) {
  const isNothing = each.value == null && displayText(each.display) === '';
  const color = isNothing ? 'var(--dim)' : colorOr(each.display.color);
  const ground = options.colorMode === 'background' || options.colorMode === 'background_solid' ? each.display.color : undefined;
  const filled = ground !== undefined;
  const onFilled = filled ? textOn(ground, isDark) : 'var(--text)';
  const background = filled ? backgroundOf(ground, options.colorMode === 'background' ? 'gradient' : 'basic', isDark) : undefined;
  const changeColor = (given: number) => {
    if (filled) return onFilled;
    if (options.percentChangeColorMode === 'same_as_value') return options.colorMode === 'value' ? color : 'var(--text)';
    if (given === 0) return 'var(--dim)';
    return given > 0 === (options.percentChangeColorMode === 'standard') ? 'var(--good)' : 'var(--bad)';
  };
  const centered = options.justifyMode === 'center' || (name === '' && !layout.wide);
  const stacked = !layout.wide;
  return (
    <Linked links={each.field.config.links} link={link} scoped={each.scoped} label={whole} className="stat" style={{ width, height, background, color: onFilled }}>
      {layout.lineHeight > 0 && each.line && (
        <div className="stat-line">
          <Sparkline line={each.line} width={width} height={layout.lineHeight} color={filled ? onFilled : color} fill={filled ? 0.25 : 0.15} min={each.field.config.min} max={each.field.config.max} />
        </div>
      )}
      <div className={`stat-texts ${layout.wide ? 'wide' : ''} ${centered ? 'center' : ''}`} style={{ padding: layout.padding, paddingBottom: layout.padding + (stacked ? layout.lineHeight * 0.7 : layout.lineHeight * 0.3) }} title={whole}>
        {name !== '' && (
          <div className="stat-name" style={{ fontSize: layout.titleSize }}>
            {name}
          </div>
        )}
        {text !== '' ? (
          <div className="stat-value num" style={{ fontSize: layout.valueSize, color: filled ? onFilled : options.colorMode !== 'value' ? 'var(--text)' : isNothing ? color : inkOf(each.display.color, layout.valueSize, isDark) }}>
            <span>{text}</span>
            {change !== undefined && (
              <span className="stat-change" style={{ fontSize: layout.percentSize, color: changeColor(change) }}>
                {withArrow(change)}
              </span>
            )}
          </div>
        ) : (
          <span className="hidden-text">{whole}</span>
        )}
      </div>
    </Linked>
  );
}
