import { TextInput } from '@mantine/core';
import { useParam } from '../url/params';
import { Icon } from './Icon';

/** What an address is opened with when somebody goes there to search. */
export const searched = { search: true } as const;
export const isSearched = (state: unknown): boolean => typeof state === 'object' && state !== null && (state as { search?: unknown }).search === true;

/** A text filter that lives in the address; `/` brings the keyboard to it. */
export function TextFilter({ name = 'q', label, placeholder }: { name?: string; label: string; placeholder?: string }) {
  const [value, setValue] = useParam(name);
  return (
    <TextInput
      data-filter
      // eslint-disable-next-line jsx-a11y/no-autofocus -- whoever pressed the key to search goes on typing here
      autoFocus={isSearched(history.state)}
      type="search"
      aria-label={label}
      placeholder={placeholder ?? label}
      leftSection={<Icon name="search" size={13} />}
      value={value}
      onChange={(event) => setValue(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      style={{ minWidth: '13rem' }}
    />
  );
}

/** Words of `needle` that must all occur somewhere in `haystack`. */
export function contains(haystack: string, needle: string): boolean {
  const text = haystack.toLowerCase();
  return needle
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

interface ChoiceProps {
  name: string;
  label: string;
  choices: { value: string; label: string; count?: number }[];
  /** What an address without the parameter means. */
  otherwise?: string;
  /** What stands for no choice made, when an address without the parameter means something else. */
  none?: string;
}

/** Choices that may be combined, kept in the address as a comma-separated list; none chosen means all. */
export function ChoiceFilter({ name, label, choices, otherwise = '', none = '' }: ChoiceProps) {
  const [value, setValue] = useParam(name, otherwise);
  const chosen = value === none ? [] : value.split(',');
  const toggle = (choice: string) => {
    const next = choices.map((each) => each.value).filter((each) => (each === choice) !== chosen.includes(each));
    setValue(next.length === 0 ? none : next.join(','));
  };
  return (
    <div className="choices" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button key={choice.value} type="button" aria-pressed={chosen.includes(choice.value)} onClick={() => toggle(choice.value)}>
          {choice.label}
          {choice.count !== undefined && <span className="num"> {choice.count}</span>}
        </button>
      ))}
    </div>
  );
}
