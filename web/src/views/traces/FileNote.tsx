import type { ReactNode } from 'react';
import { quantity } from '../../format/quantity';
import { Icon } from '../../parts/Icon';
import type { OpenedFile } from '../../traces/opened';

/** The mark of what comes from a file rather than from the store. */
export function FileNote({ file, children }: { file: OpenedFile; children?: ReactNode }) {
  return (
    <div className="note file-note">
      <Icon name="note" />
      <div className="grow">
        <strong>From the file {file.name}, not stored.</strong> {file.format}’s JSON, {quantity(file.bytes, 'bytes')}, read in this browser: nothing of it was sent anywhere, and it is gone when this page is loaded again.
      </div>
      {children}
    </div>
  );
}
