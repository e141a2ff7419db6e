import { useMemo, useState } from 'react';
import type { PanelProps } from '../../panel';
import { BarsChart } from '../barchart/BarsChart';
import type { BarOptions } from '../barchart/options';
import { chosenSeries, hiddenChoice } from '../legend/choice';
import { Framed } from '../legend/Framed';
import { calcsOf, legendOptions } from '../legend/legend';
import { Legend } from '../legend/Legend';
import { Nothing } from '../Nothing';
import { tooltipOptions } from '../timeseries/tooltip';
import { histogramModel } from './model';

/** Bars touch, and those of several series lie over each other. */
const bars: BarOptions = {
  xField: null, orientation: 'vertical', stacking: 'none', showValue: 'never', barWidth: 1, groupWidth: 1, barRadius: 0, colorByField: null,
  fullHighlight: false, labelRotation: 0, labelMaxLength: 0, labelSpacing: 0, valueSize: 11, overlaid: true,
};

export default function Histogram({ panel, options, frames, width, height, isDark, link, onOptions }: PanelProps) {
  const [choice, setChoice] = useState(() => chosenSeries(options));
  const [highlighted, setHighlighted] = useState<string | null>(null);
  const model = useMemo(() => histogramModel(frames, options, isDark, (name) => choice[name]), [frames, options, isDark, choice]);
  const legend = useMemo(() => legendOptions(options.legend), [options.legend]);
  const tooltip = useMemo(() => ({ ...tooltipOptions(options.tooltip), hideZeros: true }), [options.tooltip]);
  if (!model) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue ?? 'No data'} />;
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
            kind="histogram"
            label={`${panel.title || 'Histogram'}: ${model.series.length} series in ${model.categories.length} buckets from ${model.edges[0]} to ${model.edges[model.edges.length - 1]}`}
            model={model}
            options={bars}
            edges={model.edges}
            horizontal={false}
            width={wide}
            height={high - (model.widened ? 16 : 0)}
            tooltip={tooltip}
            highlighted={highlighted}
            isDark={isDark}
            link={link}
          />
          {model.widened && <div className="dim">The bucket size is too small for the range of values; these are wider.</div>}
        </>
      )}
    </Framed>
  );
}
