import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";

const maxEntries = 10_000;

/**
 * Unpacks an archive for nothing but its size: what the archive says of itself may be a lie. Throws when it grows
 * beyond the bound; `unreadable` is called with what else is wrong.
 */
export async function checkArchive(
  buffer: Buffer,
  maxBytes: number,
  unreadable: (cause: Error) => never,
): Promise<void> {
  const archive = await fromBufferPromise(buffer, { lazyEntries: true }).catch(unreadable);
  if (archive.entryCount > maxEntries)
    throw new Error(`has ${archive.entryCount} entries; ${maxEntries} are the most that are read`);
  const entries = await entriesOf(archive).catch(unreadable);
  const tooMuch = (bytes: number) =>
    new Error(`unpacks to ${megabytes(bytes)} MB or more; ${megabytes(maxBytes)} are the most`);
  const told = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (told > maxBytes) throw tooMuch(told);
  let unpacked = 0;
  for (const entry of entries) {
    unpacked += await sizeOf(archive, entry, maxBytes - unpacked).catch(unreadable);
    if (unpacked > maxBytes) throw tooMuch(unpacked);
  }
}

async function entriesOf(archive: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of archive.eachEntry()) entries.push(entry);
  return entries;
}

/** Stops counting soon after `enough`. */
async function sizeOf(archive: ZipFile, entry: Entry, enough: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of await archive.openReadStreamPromise(entry)) {
    bytes += (chunk as Buffer).length;
    if (bytes > enough) break;
  }
  return bytes;
}

const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
