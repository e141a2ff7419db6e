/** The most files that are taken at once, and the largest that is read. */
export const mostFiles = 500;
export const mostBytes = 10_000_000;

const isDashboard = (name: string) => /\.(json|txt)$/i.test(name);

async function entries(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  // A reader gives some of the entries with each call, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function filesOf(entry: FileSystemEntry, into: File[]): Promise<void> {
  if (into.length >= mostFiles) return;
  if (entry.isFile) {
    if (isDashboard(entry.name)) into.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  const inside = await entries(entry as FileSystemDirectoryEntry);
  for (const each of inside.sort((a, b) => a.name.localeCompare(b.name))) await filesOf(each, into);
}

/** The JSON files that were dropped, those in dropped folders too. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // The list is emptied as soon as the event is over, so all entries are taken first.
  const roots = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (roots.length === 0) return [...transfer.files].slice(0, mostFiles);
  const files: File[] = [];
  for (const root of roots) await filesOf(root, files);
  return files;
}
