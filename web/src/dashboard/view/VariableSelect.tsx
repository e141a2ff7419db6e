import { Checkbox, Combobox, InputBase, useCombobox } from '@mantine/core';
import { useEffect, useState } from 'react';
import { errorText } from '../../api/request';
import type { VariableOption } from '../model';
import { all, toggled } from './choice';

/** Milliseconds without a letter after which the server is asked. */
const settleMs = 250;
/** The most options that are listed at once; the search finds the others. */
const listed = 300;

interface Props {
  id: string;
  label: string;
  options: readonly VariableOption[];
  /** The values that are chosen; `$__all` is all of them. */
  chosen: readonly string[];
  /** How the choice is read. */
  shown: string;
  multi: boolean;
  includeAll: boolean;
  allowCustom: boolean;
  loading: boolean;
  error?: string;
  onChoose: (values: string[]) => void;
  /** Asks the server for what contains the text, where the options are only some of all. */
  find?: (text: string, signal: AbortSignal) => Promise<readonly VariableOption[]>;
}

const one = (value: string | string[]) => (Array.isArray(value) ? value.join(',') : value);

/** A choice among a variable's options, with search. A choice of several is taken when the list closes. */
export function VariableSelect({ id, label, options, chosen, shown, multi, includeAll, allowCustom, loading, error, onChoose, find }: Props) {
  const [search, setSearch] = useState('');
  const [draft, setDraft] = useState<string[] | null>(null);
  const [asked, setAsked] = useState<{ text: string; options: readonly VariableOption[]; failed?: string } | null>(null);
  useEffect(() => {
    const text = search.trim();
    if (!find || text === '') return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      find(text, controller.signal).then(
        (found) => setAsked({ text, options: found }),
        (cause: unknown) => controller.signal.aborted || setAsked({ text, options: [], failed: errorText(cause) }),
      );
    }, settleMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [find, search]);
  const answer = find && asked?.text === search.trim() ? asked : null;
  const isAsking = find !== undefined && search.trim() !== '' && answer === null;
  const now = draft ?? chosen;
  const combobox = useCombobox({
    onDropdownOpen: () => {
      setSearch('');
      setDraft(multi ? [...chosen] : null);
      // The list stands at the end of the page, where the key Tab does not lead from here.
      combobox.focusSearchInput();
    },
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      if (draft !== null && JSON.stringify(draft) !== JSON.stringify(chosen)) onChoose(draft);
      setDraft(null);
      // Back to where it was opened, unless something else has been pointed at.
      setTimeout(() => {
        const { activeElement } = document;
        if (activeElement === null || activeElement === document.body || activeElement.closest('.variable-dropdown')) combobox.focusTarget();
      }, 0);
    },
  });
  const every = [...(includeAll ? [{ text: 'All', value: all }] : []), ...(answer?.options ?? options).map(({ text, value }) => ({ text: one(text), value: one(value) })).filter(({ value }) => value !== all)];
  const words = search.trim().toLowerCase();
  // What the server found by the dashboard's own pattern need not contain the words.
  const found = words === '' || answer ? every : every.filter(({ text }) => text.toLowerCase().includes(words));
  const custom = allowCustom && search.trim() !== '' && !every.some(({ text }) => text === search.trim());
  const choose = (value: string) => {
    if (multi) {
      setDraft((before) => toggled(before ?? chosen, value, includeAll));
      if (custom && value === search.trim()) setSearch('');
      return;
    }
    if (value !== chosen[0]) onChoose([value]);
    combobox.closeDropdown();
  };
  // A list that is shut is not in the page: its place would be measured at the first view, for each variable.
  return (
    <Combobox store={combobox} onOptionSubmit={choose} position="bottom-start" width="max-content" shadow="md" withinPortal keepMounted={false} resetSelectionOnOptionHover>
      <Combobox.Target targetType="button">
        <InputBase id={id} component="button" type="button" size="xs" pointer multiline={false} rightSection={<Combobox.Chevron />} rightSectionPointerEvents="none" aria-label={`${label}: ${shown || 'nothing'}`} aria-busy={loading || undefined} error={Boolean(error)} title={error ?? shown} onClick={() => combobox.toggleDropdown()} className="variable-button">
          {shown || <span className="dim">{loading ? '…' : 'nothing'}</span>}
        </InputBase>
      </Combobox.Target>
      <Combobox.Dropdown className="variable-dropdown">
        <Combobox.Search
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            combobox.updateSelectedOptionIndex();
          }}
          placeholder={allowCustom ? 'Search, or write a value' : 'Search'}
          aria-label={`Search ${label}`}
        />
        <Combobox.Options aria-label={label} className="variable-options">
          {found.slice(0, listed).map(({ text, value }) => {
            const active = now.includes(value);
            return (
              <Combobox.Option key={value} value={value} active={active} className={active ? 'chosen' : undefined}>
                {multi && <Checkbox.Indicator checked={active} size="xs" aria-hidden />}
                <span>{text || <span className="dim">empty</span>}</span>
              </Combobox.Option>
            );
          })}
          {custom && <Combobox.Option value={search.trim()}>Use “{search.trim()}”</Combobox.Option>}
          {found.length === 0 && !custom && <Combobox.Empty>{isAsking ? 'Asking…' : every.length === 0 && !answer ? 'There are no values' : 'No such value'}</Combobox.Empty>}
        </Combobox.Options>
        {found.length > listed && <div className="dim variable-more">and {found.length - listed} more: search for them</div>}
        {(error ?? answer?.failed) && <div className="tone-bad variable-more">{error ?? answer?.failed}</div>}
      </Combobox.Dropdown>
    </Combobox>
  );
}
