import { ActionIcon, Button } from '@mantine/core';
import { Icon } from '../../../parts/Icon';
import type { Json, JsonObject } from '../../model';
import { ValueField } from '../options/OptionField';
import { at, withAt } from '../path';
import type { Form } from './forms';
import type { FieldsInput, Input, ListInput, Offer } from './inputs';
import { asOption, inOrder, itemsOf, mostOffered, movedField, valueOf, withValue } from './inputs';

interface Props<Part> {
  part: Part;
  options: JsonObject;
  offer: Offer;
  /** `about` is what was changed: changes of the same, one after the other, are one step back. */
  onChange: (options: JsonObject, about?: string) => void;
}

const keyOf = ({ path, label }: Pick<Input, 'path' | 'label'>) => `${typeof path === 'string' ? path : path.join('/')} ${label}`;

export function InputField({ part, options, offer, onChange }: Props<Input>) {
  if (part.when?.(options) === false) return null;
  return <ValueField option={asOption(part, offer)} value={valueOf(part, options, offer)} onChange={(next: Json | undefined) => onChange(withValue(part, options, next, offer), keyOf(part))} />;
}

function Several({ part, options, offer, onChange }: Props<ListInput>) {
  if (part.when?.(options) === false) return null;
  const items = itemsOf(part, options);
  const put = (next: JsonObject[], about?: string) => onChange(withAt(options, part.path, next), about);
  return (
    <div className="stack tight" role="group" aria-label={part.label}>
      <span className="option-label">{part.label}</span>
      {items.map((item, index) => (
        <div key={index} className="option-row wrap" role="group" aria-label={`${part.item} ${index + 1}`}>
          {part.inputs.map((input) => (
            <InputField key={keyOf(input)} part={input} options={item} offer={offer} onChange={(next, about) => put(items.map((each, place) => (place === index ? next : each)), about === undefined ? undefined : `${keyOf(part)} ${index} ${about}`)} />
          ))}
          <ActionIcon aria-label={`Remove ${part.item.toLowerCase()} ${index + 1}`} title="Remove" onClick={() => put(items.filter((_, place) => place !== index))}>
            <Icon name="close" size={13} />
          </ActionIcon>
        </div>
      ))}
      <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }} onClick={() => put([...items, part.begin(offer)])}>
        {part.item}
      </Button>
    </div>
  );
}

/** Fields that have a line each; the JSON takes more. */
const mostFields = Math.min(200, mostOffered);

function EachField({ part, options, offer, onChange }: Props<FieldsInput>) {
  const names = offer.fields.map(({ name }) => name);
  const canOrder = part.order !== undefined && part.canOrder?.(options) !== false;
  const ordered = part.order === undefined ? names : inOrder(names, at(options, part.order));
  return (
    <div className="stack tight" role="group" aria-label={part.label}>
      {names.length === 0 && <p className="dim">No fields reach this step yet.</p>}
      {ordered.slice(0, mostFields).map((name, index) => (
        <div key={name} className="option-row wrap field-line" role="group" aria-label={name}>
          <span className="field-name" title={name}>
            {name}
          </span>
          {part.inputs(name).map((input) => (
            <InputField key={keyOf(input)} part={input} options={options} offer={offer} onChange={onChange} />
          ))}
          {canOrder && (
            <>
              <ActionIcon disabled={index === 0} aria-label={`${name}: earlier`} title="Earlier" onClick={() => onChange(movedField(part, options, names, name, -1))}>
                <Icon name="up" size={13} />
              </ActionIcon>
              <ActionIcon disabled={index === ordered.length - 1} aria-label={`${name}: later`} title="Later" onClick={() => onChange(movedField(part, options, names, name, 1))}>
                <Icon name="down" size={13} />
              </ActionIcon>
            </>
          )}
        </div>
      ))}
      {ordered.length > mostFields && <p className="dim">{ordered.length - mostFields} more fields are changed in the JSON.</p>}
    </div>
  );
}

/** The form of a transformation, with what reaches it to choose from. */
export function StepForm({ form, options, offer, onChange }: { form: Form } & Omit<Props<never>, 'part'>) {
  return (
    <>
      <p className="dim">{form.about}</p>
      {form.parts.map((part) => {
        const rest = { options, offer, onChange };
        if (part.kind === 'list') return <Several key={part.label} part={part} {...rest} />;
        if (part.kind === 'each-field') return <EachField key={part.label} part={part} {...rest} />;
        return <InputField key={keyOf(part)} part={part} {...rest} />;
      })}
    </>
  );
}
