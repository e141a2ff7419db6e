import { ActionIcon, Button, NativeSelect } from '@mantine/core';
import { Icon } from '../../../parts/Icon';
import type { Thresholds, ThresholdStep } from '../../model';
import { ColorField } from './ColorField';
import { NumberField } from './NumberField';

const empty: Thresholds = { mode: 'absolute', steps: [{ value: null, color: 'green' }] };
const nextColors = ['orange', 'red', 'purple', 'blue', 'yellow'];

/** Steps from the base upwards. They are kept in order, whatever is typed. */
export function ThresholdsField({ value = empty, onChange }: { value?: Thresholds; onChange: (next: Thresholds) => void }) {
  const steps = value.steps?.length ? value.steps : empty.steps;
  const put = (next: ThresholdStep[]) => onChange({ ...value, steps: [...next].sort((a, b) => (a.value ?? -Infinity) - (b.value ?? -Infinity)) });
  const change = (index: number, step: ThresholdStep) => put(steps.map((each, at) => (at === index ? step : each)));
  const highest = steps.at(-1)?.value ?? null;
  return (
    <div className="stack tight" role="group" aria-label="Thresholds">
      {steps.map((step, index) => (
        <div key={index} className="option-row">
          <ColorField bare label={step.value === null ? 'Colour of the base' : `Colour from ${step.value}`} value={step.color} onChange={(color) => change(index, { ...step, color })} />
          {step.value === null ? <span className="grow dim">Base</span> : <NumberField label={`From, step ${index}`} value={step.value} onChange={(number) => number !== undefined && change(index, { ...step, value: number })} />}
          {step.value !== null && (
            <ActionIcon aria-label={`Remove the threshold at ${step.value}`} onClick={() => put(steps.filter((_, at) => at !== index))}>
              <Icon name="close" size={13} />
            </ActionIcon>
          )}
        </div>
      ))}
      <div className="option-row">
        <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => put([...steps, { value: highest === null ? 80 : highest === 0 ? 1 : highest > 0 ? highest * 2 : highest / 2, color: nextColors[(steps.length - 1) % nextColors.length]! }])}>
          Threshold
        </Button>
        <NativeSelect aria-label="Thresholds are" data={[{ value: 'absolute', label: 'Values' }, { value: 'percentage', label: 'Percent of min to max' }]} value={value.mode} onChange={(event) => onChange({ ...value, steps, mode: event.currentTarget.value as Thresholds['mode'] })} />
      </div>
    </div>
  );
}
