import { useMemo, useState } from 'react';
import type { PanelProps } from '../../panel';
import { chosenSeries, hiddenChoice } from '../legend/choice';
import { Framed } from '../legend/Framed';
import { calcsOf, legendOptions } from '../legend/legend';
import { Legend } from '../legend/Legend';
import { Nothing } from '../Nothing';
import { tooltipOptions } from '../timeseries/tooltip';
import { BarsChart } from './BarsChart';
import { barModel } from './model';
import { barOptions } from './options';

export default function BarChart({ panel, options, frames, width, height, timeZone, isDark, link, onOptions }: PanelProps) {
  const [choice, setChoice] = useState(() => chosenSeries(options));
  const [highlighted, setHighlighted] = useState<string | null>(null);
  const bars = useMemo(() => barOptions(options), [options]);
  const model = useMemo(() => barModel(frames, bars, isDark, timeZone, (name) => choice[name]), [frames, bars, isDark, timeZone, choice]);
  const legend = useMemo(() => legendOptions(options.legend), [options.legend]);
  const tooltip = useMemo(() => tooltipOptions(options.tooltip), [options.tooltip]);
  if (model.series.length === 0 || model.categories.length === 0) {
    const isBare = frames.some((frame) => frame.length > 0) && model.series.length === 0;
    return <Nothing width={width} height={height} text={isBare ? 'Bars need a text or a time for their names, and numbers.' : (panel.fieldConfig?.defaults.noValue ?? 'No data')} />;
  }
  const items = model.series
    .filter(({ style }) => !style.hidden.legend)
    .map(({ key, name, color, shown, field }) => ({ key, name, color, shown, mark: 'block' as const, calcs: calcsOf(field, legend.calcs) }));
  const hide = (names: string[]) => {
    const next = hiddenChoice(model.series, names);
    setChoice(next);
    onOptions({ hiddenSeries: next });
  };
  return (
    <Framed width={width} height={height} options={legend} legend={legend.show ? <Legend items={items} options={legend} onHidden={hide} onHover={setHighlighted} /> : null}>
      {(wide, high) => (
        <>
          <BarsChart
            kind="barchart"
            label={`${panel.title || 'Bar chart'}: ${model.series.filter(({ shown }) => shown).length} series, ${model.categories.length} categories`}
            model={model}
            options={bars}
            horizontal={bars.orientation === 'auto' ? wide < high : bars.orientation === 'horizontal'}
            width={wide}
            height={high - (model.left > 0 ? 16 : 0)}
            tooltip={tooltip}
            highlighted={highlighted}
            isDark={isDark}
            link={link}
          />
          {model.left > 0 && <div className="dim">{model.left} more rows are not drawn</div>}
        </>
      )}
    </Framed>
  );
}
