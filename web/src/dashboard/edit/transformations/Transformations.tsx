import { ActionIcon, Button, Menu } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { Icon } from '../../../parts/Icon';
import type { Frame } from '../../frame';
import type { JsonObject, Transformation } from '../../model';
import type { TransformContext } from '../../transform';
import { JsonField } from '../JsonField';
import { formOf, forms, onlyQueries } from './forms';
import type { Offer } from './inputs';
import { Result } from './Result';
import { InputField, StepForm } from './StepForm';
import type { Step } from './steps';
import { offerOf, stepsOf } from './steps';
import './transformations.css';

/** Milliseconds without a change after which the steps are run again. */
const settleMs = 350;

interface Props {
  value: Transformation[];
  /** What the queries give. */
  given: Frame[];
  context: TransformContext & { timeZone: string };
  onChange: (next: Transformation[], about?: string) => void;
}

const nothing: Offer = { fields: [], labels: [], queries: [] };

/** What is done with the data between the queries and the panel, in this order. */
export function Transformations({ value, given, context, onChange }: Props) {
  const [settled] = useDebouncedValue(value, settleMs);
  const { interpolate, timeZone } = context;
  const steps = useMemo(() => stepsOf(given, settled, { interpolate, timeZone }), [given, settled, interpolate, timeZone]);
  const first = useMemo(() => offerOf(given), [given]);
  const change = (index: number, next: Transformation, about?: string) => onChange(value.map((each, at) => (at === index ? next : each)), about === undefined ? undefined : `${index}/${about}`);
  const swap = (index: number, other: number) => {
    const next = [...value];
    [next[index], next[other]] = [next[other]!, next[index]!];
    onChange(next);
  };
  // Until a step that was just added or moved has run, what reaches it is what came out of the one before.
  const offerAt = (index: number): Offer => (settled[index]?.id === value[index]?.id ? steps[index]?.offer : undefined) ?? (index === 0 ? first : steps[index - 1] ? offerOf(steps[index - 1]!.frames) : nothing);
  return (
    <div className="stack">
      {value.length === 0 && <p className="dim">The panel shows what its queries give.</p>}
      {value.map((each, index) => (
        <Item
          key={`${index} ${each.id}`}
          place={index + 1}
          value={each}
          step={settled[index] === each ? steps[index] : undefined}
          offer={offerAt(index)}
          timeZone={timeZone}
          onChange={(next, about) => change(index, next, about)}
          onEarlier={index === 0 ? undefined : () => swap(index, index - 1)}
          onLater={index === value.length - 1 ? undefined : () => swap(index, index + 1)}
          onRemove={() => onChange(value.filter((_, at) => at !== index))}
        />
      ))}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }}>
            Transformation
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
          {forms.map(({ id, name, about, begin }) => (
            <Menu.Item key={id} title={about} onClick={() => onChange([...value, { id, options: begin }])}>
              {name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

interface ItemProps {
  place: number;
  value: Transformation;
  /** Not there until it has run as it is now. */
  step: Step | undefined;
  offer: Offer;
  timeZone: string;
  onChange: (next: Transformation, about?: string) => void;
  onEarlier: (() => void) | undefined;
  onLater: (() => void) | undefined;
  onRemove: () => void;
}

function Item({ place, value, step, offer, timeZone, onChange, onEarlier, onLater, onRemove }: ItemProps) {
  const form = formOf(value.id);
  const [asJson, setJson] = useState(form === undefined);
  const name = form?.name ?? value.id;
  const options = value.options ?? {};
  const put = (next: JsonObject, about?: string) => onChange({ ...value, options: next }, about);
  return (
    <section className="override" aria-label={`${place}. ${name}`}>
      <div className="option-row">
        <strong className="grow">
          {place}. {name}
          {value.disabled && <span className="dim"> (off)</span>}
        </strong>
        {form && (
          <Button variant="subtle" size="compact-xs" aria-pressed={asJson} onClick={() => setJson(!asJson)}>
            JSON
          </Button>
        )}
        <ActionIcon disabled={!onEarlier} aria-label={`${name}: earlier`} title="Earlier" onClick={onEarlier}>
          <Icon name="up" size={13} />
        </ActionIcon>
        <ActionIcon disabled={!onLater} aria-label={`${name}: later`} title="Later" onClick={onLater}>
          <Icon name="down" size={13} />
        </ActionIcon>
        <ActionIcon aria-label={value.disabled ? `${name}: on` : `${name}: off`} title={value.disabled ? 'On' : 'Off'} onClick={() => onChange({ ...value, disabled: !value.disabled })}>
          <Icon name={value.disabled ? 'eyeOff' : 'eye'} size={13} />
        </ActionIcon>
        <ActionIcon aria-label={`Remove ${name}`} title="Remove" onClick={onRemove}>
          <Icon name="close" size={13} />
        </ActionIcon>
      </div>
      {form && !asJson ? <StepForm form={form} options={options} offer={offer} onChange={put} /> : <JsonField label="Options" value={options} onChange={(next) => put(next, 'json')} />}
      {(offer.queries.length > 1 || value.filter !== undefined) && <InputField part={onlyQueries} options={value as unknown as JsonObject} offer={offer} onChange={(next, about) => onChange(next as unknown as Transformation, about)} />}
      {step?.problems.map((problem) => (
        <p key={problem} className="tone-warn">
          {problem}
        </p>
      ))}
      {step && !value.disabled && <Result frames={step.frames} timeZone={timeZone} />}
    </section>
  );
}
