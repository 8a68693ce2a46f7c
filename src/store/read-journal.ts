import { type JournalRecord, journalHeaderBytes, parseJournal, parseJournalRecords } from "./journal.js";

/** Bytes that are read at once; more only where one record is longer. */
const piece = 2 ** 20;

/** Whose journal it is. */
export interface JournalOwner {
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  readonly chunk: number;
}

/**
 * Reads a journal piece by piece, as far as its records are whole: what follows the first that is not is never read.
 * @param read fewer bytes than asked for, where the file ends.
 * @param take is given every record.
 * @returns undefined if it does not begin as a journal does.
 */
export async function readJournal(
  read: (offset: number, size: number) => Promise<Uint8Array>,
  take: (record: JournalRecord) => void,
): Promise<JournalOwner | undefined> {
  const owner = parseJournal(await read(0, journalHeaderBytes));
  if (owner === undefined) return undefined;
  let at = journalHeaderBytes;
  let wanted = piece;
  for (;;) {
    const bytes = await read(at, wanted);
    const { end, needed } = parseJournalRecords(bytes, 0, take);
    at += end;
    // A record that this piece cuts is read with the next one, as a whole.
    if (needed === undefined || bytes.length < wanted) break;
    wanted = Math.max(piece, needed);
  }
  return { uuid: owner.uuid, chunk: owner.chunk };
}
