import { ActionIcon, Button, Checkbox, TextInput } from '@mantine/core';
import { Icon } from '../../../parts/Icon';
import type { DataLink } from '../../model';

/** Links, with variables in their addresses. */
export function LinksField({ label, value, onChange }: { label: string; value: DataLink[]; onChange: (next: DataLink[]) => void }) {
  const change = (index: number, link: DataLink) => onChange(value.map((each, at) => (at === index ? link : each)));
  return (
    <div className="stack tight" role="group" aria-label={label}>
      <div className="option-label">{label}</div>
      {value.map((link, index) => (
        <div key={index} className="option-row">
          <div className="stack tight grow">
            <TextInput aria-label={`Title of link ${index + 1}`} placeholder="Title" value={link.title} onChange={(event) => change(index, { ...link, title: event.currentTarget.value })} />
            <TextInput aria-label={`Address of link ${index + 1}`} placeholder="/d/…?var-x=${__field.labels.x}" value={link.url} onChange={(event) => change(index, { ...link, url: event.currentTarget.value })} />
            <Checkbox label="In a new tab" checked={link.targetBlank === true} onChange={(event) => change(index, { ...link, targetBlank: event.currentTarget.checked })} />
          </div>
          <ActionIcon aria-label={`Remove link ${index + 1}`} onClick={() => onChange(value.filter((_, at) => at !== index))}>
            <Icon name="close" size={13} />
          </ActionIcon>
        </div>
      ))}
      <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }} onClick={() => onChange([...value, { title: '', url: '' }])}>
        Link
      </Button>
    </div>
  );
}
