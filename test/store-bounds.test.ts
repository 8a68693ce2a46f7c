import { spawn } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { crc32 } from "../src/core/crc32.js";
import { encodeNpy, encodeNpyHeader } from "../src/core/npy.js";
import { encodeNpz } from "../src/core/npz.js";
import { createStore } from "../src/index.js";
import { encodeCatalogue } from "../src/store/catalogue.js";
import { ChunkRecords } from "../src/store/chunk-records.js";
import { encodeJournalHeader, encodeJournalRecord } from "../src/store/journal.js";

// Stores that were made to fill the memory of whoever opens them. Each is opened and verified in a process of its own, whose
// memory is measured; what is huge here is sparse on the disk, or repeats itself.

/** MiB that a reader may take at most; it has 100 or so before it opens anything. */
const most = 300;

const folder = mkdtempSync(join(tmpdir(), "marey-bounds-"));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 9 }));
let made = 0;
const info = { width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" } as const;

interface Store {
  readonly path: string;
  readonly uuid: string;
  at(name: string): string;
}

/** Two chunks of three frames, each frame with a row. */
async function makeStore(format: string): Promise<Store> {
  const path = join(folder, `store${made++}`);
  await using store = await createStore(path, { info, format, chunkSize: 3, minFree: 0 });
  for (let number = 0; number < 6; number++) {
    const image = { ...info, data: new Uint8Array(64 * 48).fill(number) };
    await store.write({ image, number, time: number / 8 });
    await store.addExtraData({ row: number });
  }
  return { path, uuid: store.uuid, at: (name) => join(path, name) };
}

const MiB = 2 ** 20;

function longer(path: string, bytes: number): void {
  truncateSync(path, bytes);
}

/** Some bytes again and again, up to so many. */
function repeat(path: string, start: Uint8Array, block: Uint8Array, bytes: number): void {
  const file = openSync(path, "w");
  writeSync(file, start);
  for (let at = start.length; at + block.length <= bytes; at += block.length) writeSync(file, block);
  closeSync(file);
}

/** The index of chunk 1 goes, and it gets that journal. */
function giveJournal({ at, uuid }: Store, records: Uint8Array, block?: Uint8Array, bytes = 0): void {
  for (const name of ["000001.npz", "000001/index.npz"]) rmSync(at(name), { force: true });
  const start = Buffer.concat([encodeJournalHeader(uuid, 1), records]);
  if (block === undefined) writeFileSync(at("000001.journal"), start);
  else repeat(at("000001.journal"), start, block, bytes);
}

const synced = encodeJournalRecord({ kind: "synced", count: 1e9 });
const frame = (offset: number, size: number): Uint8Array =>
  encodeJournalRecord({ kind: "frame", number: 7, time: 1, offset, size, digest: 5n });
const times = (count: number, record: Uint8Array): Uint8Array => Buffer.concat(Array(count).fill(record));

interface ZipMember {
  readonly name: string;
  readonly method: number;
  readonly packed: Uint8Array;
  readonly crc: number;
  readonly bytes: number;
}

/** A ZIP archive that says what it likes. @param copies how often the directory names the first member. */
function zip(members: readonly ZipMember[], copies = 1): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, method, packed, crc, bytes } of members) {
    const local = Buffer.alloc(30 + name.length);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const central = Buffer.alloc(46 + name.length);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(bytes, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    central.write(name, 46);
    for (let copy = 0; copy < copies; copy++) directory.push(central);
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** A column of zeros, deflated. @param claimed frames that its header speaks of, where they are others. */
function zeros(name: string, count: number, claimed = count): ZipMember {
  const plain = Buffer.concat([encodeNpyHeader("float64", [claimed]), Buffer.alloc(8 * count)]);
  const packed = deflateRawSync(plain, { level: 1 });
  return { name: `${name}.npy`, method: 8, packed, crc: crc32(plain), bytes: plain.length };
}

const stories: readonly [what: string, format: string, make: (store: Store) => void, told: RegExp][] = [
  [
    "a journal of 512 MiB of zeros",
    "npy",
    (store) => {
      giveJournal(store, Buffer.alloc(0));
      writeFileSync(store.at("000001.journal"), "");
      longer(store.at("000001.journal"), 512 * MiB);
    },
    /chunk 1 is left out/,
  ],
  [
    "a journal of one frame, and 512 MiB of nothing after it",
    "mjpeg/avi",
    (store) => {
      giveJournal(store, Buffer.concat([frame(0, 10), synced]));
      longer(store.at("000001.journal"), 512 * MiB);
    },
    /000001|chunk 1|frame/,
  ],
  [
    "a journal of 120 MiB of frames that are not there",
    "npy",
    (store) => giveJournal(store, synced, times(1000, frame(0, 10)), 120 * MiB),
    /./,
  ],
  [
    "a journal of 120 MiB of frames, all at one place of a video",
    "mjpeg/avi",
    (store) => giveJournal(store, synced, times(1000, frame(0, 10)), 120 * MiB),
    /./,
  ],
  [
    "a journal of 120 MiB of frames without a byte",
    "mjpeg/avi",
    (store) => giveJournal(store, synced, times(1000, frame(0, 0)), 120 * MiB),
    /./,
  ],
  [
    "a journal of 120 MiB of rows",
    "npy",
    (store) =>
      giveJournal(
        store,
        frame(0, 10),
        times(1000, encodeJournalRecord({ kind: "row", text: '{"a": 1}' })),
        120 * MiB,
      ),
    /./,
  ],
  [
    "a journal of 512 MiB of frames",
    "npy",
    (store) => {
      giveJournal(store, synced, times(1000, frame(0, 10)), 8 * MiB);
      longer(store.at("000001.journal"), 512 * MiB);
    },
    /./,
  ],
  [
    "a journal with a picture of 1 GiB",
    "mjpeg/avi",
    (store) => {
      giveJournal(store, frame(0, 1024 * MiB));
      longer(store.at("000001.avi"), 1025 * MiB);
    },
    /did not reach the disk|left out/,
  ],
  [
    "an index of 1 GiB of zeros",
    "npy",
    ({ at }) => longer(at("000001/index.npz"), 1024 * MiB),
    /chunk 1 is left out/,
  ],
  [
    "an index that unpacks to 512 MiB",
    "npy",
    ({ at }) => {
      const column = zeros("frame_number", 2 ** 25);
      writeFileSync(at("000001/index.npz"), zip([column, { ...column, name: "frame_time.npy" }]));
    },
    /would unpack to/,
  ],
  [
    "an index that claims to unpack to 4 GiB",
    "npy",
    ({ at }) => {
      const column = { ...zeros("frame_number", 2 ** 20), bytes: 0xfffffffe };
      writeFileSync(at("000001/index.npz"), zip([column]));
    },
    /chunk 1 is left out/,
  ],
  [
    "an index with a column that nobody needs, which unpacks to 512 MiB",
    "npy",
    ({ at }) => {
      const other = zeros("picture_digest", 2 ** 26);
      writeFileSync(at("000001/index.npz"), zip([zeros("frame_number", 3), zeros("frame_time", 3), other]));
    },
    /would unpack to/,
  ],
  [
    "an index that claims 1e9 frames",
    "npy",
    ({ at }) => writeFileSync(at("000001/index.npz"), zip([zeros("frame_number", 3, 1e9)])),
    /chunk 1 is left out/,
  ],
  [
    "an index of 60,000 members in one place",
    "npy",
    ({ at }) => {
      const data = new Float64Array(2 ** 17);
      const plain = encodeNpy({ dtype: "float64", shape: [data.length], data });
      const member = { method: 0, packed: plain, crc: crc32(plain), bytes: plain.length };
      writeFileSync(at("000001/index.npz"), zip([{ ...member, name: "frame_number.npy" }], 60_000));
    },
    /overlap/,
  ],
  [
    "an index that is YAML, 60 MiB of it",
    "npy",
    ({ at }) => {
      rmSync(at("000001/index.npz"));
      writeFileSync(at("000001/index.yaml"), "frame_number: [1]\n");
      longer(at("000001/index.yaml"), 60 * MiB);
    },
    /chunk 1 is left out/,
  ],
  [
    "an index that knows of pictures of 1 TiB, in files as long",
    "npy",
    ({ at }) => {
      longer(at("000001/000001.npy"), 2 ** 40);
      const column = (values: bigint[]) =>
        ({ dtype: "uint64", shape: [3], data: BigUint64Array.from(values) }) as const;
      const some = { dtype: "float64", shape: [3], data: Float64Array.of(1, 2, 3) } as const;
      const index = encodeNpz({
        ...{ frame_number: some, frame_time: some, picture_offset: column([0n, 0n, 0n]) },
        picture_size: column([3200n, 2n ** 40n, 3200n]),
        picture_digest: column([1n, 2n, 3n]),
      });
      writeFileSync(at("000001/index.npz"), index);
    },
    /not those that were written/,
  ],
  [
    "a video with 600 MiB behind its last frame",
    "mjpeg/avi",
    ({ at }) => longer(at("000001.avi"), 600 * MiB),
    /header or table of contents/,
  ],
  [
    "a catalogue of 240 MiB",
    "npy",
    ({ at, uuid }) => {
      writeFileSync(at(".marey-catalogue"), encodeCatalogue(uuid, 0, new ChunkRecords(new Uint8Array())));
      longer(at(".marey-catalogue"), 240 * MiB);
    },
    /^$/,
  ],
  [
    "extra data of 500 MiB of zeros",
    "npy",
    ({ at }) => {
      writeFileSync(at("000001/index.extra.json"), "");
      longer(at("000001/index.extra.json"), 500 * MiB);
    },
    /whole rows|not those that were written/,
  ],
  [
    "extra data of one row and 250 MiB of nothing",
    "mjpeg/avi",
    ({ at }) => {
      writeFileSync(at("000001.extra.json"), '[{"row": 1}, ');
      longer(at("000001.extra.json"), 250 * MiB);
    },
    /after 1 whole rows/,
  ],
  [
    "20,000 videos without a byte",
    "mjpeg/avi",
    ({ at }) => {
      for (let chunk = 2; chunk < 20_002; chunk++)
        writeFileSync(at(`${String(chunk).padStart(6, "0")}.avi`), "");
    },
    /chunk 20001 is left out/,
  ],
  [
    "20,000 folders, each with an index without a byte",
    "npy",
    ({ at }) => {
      for (let chunk = 2; chunk < 20_002; chunk++) {
        const name = at(String(chunk).padStart(6, "0"));
        mkdirSync(name);
        appendFileSync(join(name, "index.npz"), "");
      }
    },
    /chunk 20001 is left out/,
  ],
];

interface Found {
  readonly frames?: number;
  readonly problems: readonly string[];
  readonly damage?: readonly string[];
  readonly error?: string;
  readonly megabytes: number;
}

const reader = fileURLToPath(new URL("fixtures/bounded-reader.mjs", import.meta.url));

function read(path: string): Promise<Found> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [reader, path], { stdio: ["ignore", "pipe", "pipe"] });
    let [said, errors] = ["", ""];
    child.stdout.on("data", (text) => {
      said += text;
    });
    child.stderr.on("data", (text) => {
      errors += text;
    });
    child.on("close", (code, signal) => {
      if (said === "") reject(new Error(`the reader ended with ${signal ?? code}: ${errors.slice(0, 2000)}`));
      else resolve(JSON.parse(said) as Found);
    });
  });
}

test("the store that the others are made from is in order", async () => {
  const { path } = await makeStore("npy");
  const { megabytes, ...found } = await read(path);
  expect(found).toEqual({ frames: 6, problems: [], damage: [] });
  expect(megabytes).toBeLessThan(most / 2);
});

test.each(stories)("%s costs no memory, and is told (%s)", async (_what, format, make, told) => {
  const store = await makeStore(format);
  make(store);
  const { megabytes, frames = 0, problems, damage = [], error } = await read(store.path);
  rmSync(store.path, { recursive: true });
  expect(megabytes).toBeLessThan(most);
  expect(error).toBeUndefined();
  expect([...problems, ...damage].join("\n")).toMatch(told);
  // The sound chunk is there in each case.
  expect(frames).toBeGreaterThanOrEqual(3);
});
