import { useMemo, useRef, useState } from 'react';
import { Button } from '@mantine/core';
import { displayText } from '../../display';
import type { PanelProps } from '../../panel';
import { chosenSeries, hiddenChoice } from '../legend/choice';
import { Framed } from '../legend/Framed';
import type { LegendItem } from '../legend/legend';
import { calcsOf, legendOptions } from '../legend/legend';
import { Legend } from '../legend/Legend';
import { Nothing } from '../Nothing';
import { exemplarsOf } from './exemplars';
import type { Line } from './model';
import { extent, hasPointsIn, modelOf } from './model';
import { Plot } from './Plot';
import { tooltipOptions } from './tooltip';
import { zonesOf } from './zones';

/** How many series the label of the picture names with their last values. */
const spoken = 6;

function spokenLabel(title: string, lines: Line[]): string {
  const shown = lines.filter((line) => line.shown);
  const last = shown.slice(0, spoken).map(({ name, raw, field }) => {
    const value = raw.findLast((one) => one != null);
    return `${name} ${value == null ? 'no value' : field.display ? displayText(field.display(value)) : String(value)}`;
  });
  const more = shown.length - last.length;
  return `${title || 'Time series'}: ${shown.length} series. Last values: ${last.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export default function TimeSeries(props: PanelProps) {
  const { panel, options, frames, annotations, width, height, range, isDark, sharedCursor, cursorKey, link, onRange, onOptions } = props;
  const [choice, setChoice] = useState(() => chosenSeries(options));
  const [highlighted, setHighlighted] = useState<string | null>(null);
  const model = useMemo(() => modelOf(frames, isDark, (name) => choice[name]), [frames, isDark, choice]);
  const exemplars = useMemo(() => exemplarsOf(props.exemplars), [props.exemplars]);
  const legend = useMemo(() => legendOptions(options.legend), [options.legend]);
  const [timeZone, ...moreZones] = useMemo(() => zonesOf(options.timezone, props.timeZone), [options.timezone, props.timeZone]);
  const tooltip = useMemo(() => tooltipOptions(options.tooltip), [options.tooltip]);
  const items = useMemo(
    () =>
      model.lines
        .filter(({ style }) => !style.hidden.legend)
        .map(
          ({ key, name, color, shown, field, style }): LegendItem => ({
            key,
            name,
            color,
            shown,
            mark: style.draw === 'bars' ? 'block' : style.dash ? 'dash' : 'line',
            calcs: calcsOf(field, legend.calcs),
          }),
        ),
    [model, legend.calcs],
  );
  const label = useMemo(() => spokenLabel(panel.title ?? '', model.lines), [panel.title, model]);
  const isOutside = useMemo(() => !hasPointsIn(model, range.from, range.to), [model, range]);

  // Choices of before are kept beside a new one.
  const kept = useRef<PanelProps['options']>({});
  const keep = (more: PanelProps['options']) => {
    kept.current = { ...kept.current, ...more };
    onOptions(kept.current);
  };

  const noValue = panel.fieldConfig?.defaults.noValue;
  if (model.lines.length === 0 || extent(model) === null) {
    const isTimeless = model.lines.length === 0 && frames.some((frame) => frame.length > 0 && frame.meta?.kind !== 'exemplars');
    return <Nothing width={width} height={height} text={isTimeless ? 'The data has no time with numbers: a table shows it, or another query.' : (noValue ?? 'No data')} />;
  }
  const hide = (names: string[]) => {
    const next = hiddenChoice(model.lines, names);
    setChoice(next);
    keep({ hiddenSeries: next });
  };
  return (
    <Framed
      width={width}
      height={height}
      options={legend}
      legend={legend.show && items.length > 0 ? <Legend items={items} options={legend} onHidden={hide} onHover={setHighlighted} onSort={(sortBy, sortDesc) => keep({ legend: { ...(options.legend as object), sortBy, sortDesc } })} /> : null}
    >
      {(wide, high) => (
        <>
          <Plot
            label={label}
            model={model}
            width={wide}
            height={high}
            range={range}
            timeZone={timeZone!}
            moreZones={moreZones}
            isDark={isDark}
            sharedCursor={sharedCursor}
            cursorKey={cursorKey}
            onRange={onRange}
            link={link}
            tooltip={tooltip}
            annotations={annotations}
            exemplars={exemplars}
            highlighted={highlighted}
          />
          {isOutside && (
            <div className="panel-outside">
              <Button
                variant="default"
                onClick={() => {
                  const found = extent(model)!;
                  onRange({ from: found.from, to: Math.max(found.to, found.from + 60_000) });
                }}
              >
                Data outside time range: zoom to data
              </Button>
            </div>
          )}
        </>
      )}
    </Framed>
  );
}
