import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  EncodeError,
  ExistsError,
  FileFormatError,
  MareyError,
  NotFoundError,
  UnsupportedError,
} from "../src/core/errors.js";
import { encodeZip } from "../src/core/zip-layout.js";
import { assembleLogs } from "../src/timestamps/assemble-log.js";
import { isLogArchive, readLogArchive } from "../src/timestamps/log-archive.js";
import { encodeLogEntry, encodeOnset, logEntryName } from "../src/timestamps/log-entry.js";
import { looseEntries, readLogFolder } from "../src/timestamps/log-folder.js";
import { LogFolderWriter, writeLogArchive } from "../src/timestamps/log-writer.js";
import { generator } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";
import { corpus } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-logs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const peer = join(corpus, "ataraxis");
const archive = join(peer, "demo_data_log/101_log.npz");
const raw = join(peer, "raw_npy");

/** What the rules of the format say of an archive, read by NumPy. */
const judge = `
import re, sys, json, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    onset, times = None, []
    for member in archive.infolist():
        if not re.fullmatch(r"\\d{3}_\\d{20}\\.npy", member.filename): continue
        file = archive.read(member)
        message = file[10 + int.from_bytes(file[8:10], "little"):]
        elapsed = int.from_bytes(message[1:9], "little")
        if onset is None:
            if elapsed == 0: onset = int.from_bytes(message[9:], "little")
        elif len(message) == 9: times.append(onset + elapsed)
print(json.dumps({"onset": str(onset), "times": [str(t) for t in times]}))
`;

const judged = (path: string) => JSON.parse(python(judge, [path])) as { onset: string; times: string[] };

const plain = ({ onset, times }: { onset: bigint; times: BigUint64Array }) => ({
  onset: String(onset),
  times: Array.from(times, String),
});

let made = 0;
/** A new folder. */
function newFolder(): string {
  const path = join(folder, `${made++}`);
  mkdirSync(path);
  return path;
}

/** A file with those members, stored. */
function archiveOf(members: readonly (readonly [name: string, bytes: Uint8Array])[]): string {
  const path = join(newFolder(), "101_log.npz");
  writeFileSync(path, encodeZip(new Map(members)));
  return path;
}

const frame = (elapsed: bigint): [string, Uint8Array] => [
  logEntryName(101, elapsed),
  encodeLogEntry({ source: 101, elapsed, payload: new Uint8Array(0) }),
];
const onset = (time: bigint): [string, Uint8Array] => [logEntryName(101, 0n), encodeOnset(101, time)];

test("the peer's archive and its messages give the times that Python finds in them", async () => {
  const log = await readLogArchive(archive);
  expect(plain(log)).toEqual(judged(archive));
  expect([log.source, log.times.length, log.others]).toEqual([101, 29, 0]);
  const names = (await looseEntries(raw)).get(101)!;
  expect(await readLogFolder(raw, names)).toEqual(log);
});

test("the peer's archive is written again, byte for byte, from its times and from its messages", async () => {
  const log = await readLogArchive(archive);
  const path = join(newFolder(), "101_log.npz");
  await writeLogArchive(path, log);
  expect(readFileSync(path).equals(readFileSync(archive))).toBe(true);

  const messages = newFolder();
  const writer = await LogFolderWriter.create(messages, 101, log.onset);
  for (const time of log.times) await writer.frame(time - log.onset);
  const names = readdirSync(messages);
  expect(names).toEqual(readdirSync(raw).filter((name) => name.endsWith(".npy")));
  for (const name of names)
    expect(readFileSync(join(messages, name)).equals(readFileSync(join(raw, name)))).toBe(true);

  writeFileSync(join(messages, "notes.txt"), "stays");
  const [assembled] = await assembleLogs(messages, { verify: true });
  expect(assembled).toEqual({
    source: 101,
    path: join(messages, "101_log.npz"),
    entries: 30,
    existed: false,
  });
  expect(readFileSync(join(messages, "101_log.npz")).equals(readFileSync(archive))).toBe(true);
  expect(readdirSync(messages).sort()).toEqual(["101_log.npz", "notes.txt"]);
});

test("several sources become several archives; messages stay if they are asked to", async () => {
  const messages = newFolder();
  for (const source of [7, 200]) {
    const writer = await LogFolderWriter.create(messages, source, 1_000_000n);
    await writer.frame(BigInt(source));
  }
  const made = await assembleLogs(messages, { removeSources: false });
  expect(made.map(({ path }) => path)).toEqual([join(messages, "7_log.npz"), join(messages, "200_log.npz")]);
  expect((await readLogArchive(join(messages, "7_log.npz"))).times).toEqual(BigUint64Array.of(1_000_007n));
  expect(readdirSync(messages).filter((name) => name.endsWith(".npy"))).toHaveLength(4);
});

test("what was interrupted goes on, and the log of another recording is never replaced", async () => {
  const messages = newFolder();
  for (const name of readdirSync(raw)) copyFileSync(join(raw, name), join(messages, name));
  await assembleLogs(messages, { removeSources: false });
  for (const name of readdirSync(raw).slice(3, 20)) rmSync(join(messages, name));
  const [again] = await assembleLogs(messages);
  expect([again!.existed, again!.entries]).toEqual([true, 13]);
  expect(readFileSync(join(messages, "101_log.npz")).equals(readFileSync(archive))).toBe(true);

  const writer = await LogFolderWriter.create(messages, 101, 5n);
  await writer.frame(3n);
  await expect(assembleLogs(messages)).rejects.toThrow(ExistsError);
  expect(readdirSync(messages).filter((name) => name.endsWith(".npy"))).toHaveLength(2);
  expect(readFileSync(join(messages, "101_log.npz")).equals(readFileSync(archive))).toBe(true);
});

test("a message that is damaged stops the assembly before anything is removed", async () => {
  const messages = newFolder();
  for (const name of readdirSync(raw)) copyFileSync(join(raw, name), join(messages, name));
  const victim = join(messages, readdirSync(messages).filter((name) => name.endsWith(".npy"))[9]!);
  const bytes = readFileSync(victim);
  const before = readdirSync(messages);
  for (const broken of [bytes.subarray(0, 130), bytes.subarray(0, 0), Buffer.from(bytes).fill(7, 129, 133)]) {
    writeFileSync(victim, broken);
    await expect(assembleLogs(messages)).rejects.toThrow(FileFormatError);
    expect(readdirSync(messages)).toEqual(before);
  }
});

test("a frame of the same microsecond is an error, and never takes the place of the other", async () => {
  const messages = newFolder();
  const writer = await LogFolderWriter.create(messages, 101, 1n);
  await writer.frame(10n);
  await expect(writer.frame(10n)).rejects.toThrow(ExistsError);
  await expect(writer.frame(0n)).rejects.toThrow(RangeError);
  await expect(LogFolderWriter.create(messages, 101, 2n)).rejects.toThrow(ExistsError);
  await expect(LogFolderWriter.create(messages, 256, 2n)).rejects.toThrow(RangeError);
  const path = join(messages, "101_log.npz");
  for (const times of [[5n, 5n], [6n, 5n], [1n], [0n]]) {
    const log = { source: 101, onset: 1n, times: BigUint64Array.from(times) };
    await expect(writeLogArchive(path, log)).rejects.toThrow(UnsupportedError);
  }
  expect(readdirSync(messages)).toHaveLength(2);
});

test("messages before the onset and other members are passed over, payloads are no frames", async () => {
  const [name, bytes] = frame(70n);
  const note = encodeLogEntry({ source: 101, elapsed: 30n, payload: Uint8Array.of(1, 2) });
  const path = archiveOf([
    ["allow_pickle.npy", Buffer.from("no array")],
    frame(99n),
    onset(1_000n),
    frame(20n),
    [logEntryName(101, 30n), note],
    ["101_5.npy", bytes],
    ["../101_00000000000000000006.npy", bytes],
    ["101_-0000000000000000007.npy", bytes],
    ["101_00000000000000000008.npy.txt", bytes],
    [name, bytes],
    frame(40n), // out of order: the order of the archive is that of the video
  ]);
  expect(await readLogArchive(path)).toEqual({
    ...{ source: 101, onset: 1_000n, others: 1 },
    times: BigUint64Array.of(1_020n, 1_070n, 1_040n),
  });
});

test("archives that NumPy wrote are read, with its stray member, deflated, and with more members than ZIP once had", async () => {
  const path = newFolder();
  const program = `
import io, numpy as np, os, shutil, sys, zipfile
os.chdir(sys.argv[1])
def message(elapsed, payload=b""):
    return np.frombuffer(bytes([101]) + elapsed.to_bytes(8, "little") + payload, dtype=np.uint8)
def entries(n):
    yield "101_%020d" % 0, message(0, (1_795_302_033_000_000).to_bytes(8, "little"))
    for i in range(1, n): yield "101_%020d" % (i * 1000), message(i * 1000)
np.savez("stray.npz", allow_pickle=False, **dict(entries(50)))
np.savez_compressed("deflated.npz", **dict(entries(50)))
with zipfile.ZipFile("most.npz", "w") as archive:
    for key, array in entries(65_535):
        file = io.BytesIO(); np.lib.format.write_array(file, array)
        archive.writestr(zipfile.ZipInfo(key + ".npy"), file.getvalue())
shutil.copy("most.npz", "many.npz")
with zipfile.ZipFile("many.npz", "a") as archive:
    for key, array in list(entries(70_000))[65_535:]:
        file = io.BytesIO(); np.lib.format.write_array(file, array)
        archive.writestr(zipfile.ZipInfo(key + ".npy"), file.getvalue())
`;
  python(program, [path]);
  const expected = (count: number): BigUint64Array =>
    BigUint64Array.from({ length: count - 1 }, (_, i) => 1_795_302_033_000_000n + BigInt((i + 1) * 1000));
  for (const [name, count] of [
    ["stray", 50],
    ["deflated", 50],
    ["many", 70_000],
    ["most", 65_535],
  ] as const) {
    expect([name, (await readLogArchive(join(path, `${name}.npz`))).times]).toEqual([name, expected(count)]);
  }
  expect(await isLogArchive(join(path, "many.npz"))).toBe(true);
});

test("Python reads an archive of 70,000 frames that was written here", { timeout: 60_000 }, async () => {
  const path = join(newFolder(), "3_log.npz");
  const times = BigUint64Array.from({ length: 70_000 }, (_, i) => 2n ** 53n + BigInt(i * 1000 + 1));
  await writeLogArchive(path, { source: 3, onset: 2n ** 53n, times });
  expect(judged(path)).toEqual({ onset: String(2n ** 53n), times: Array.from(times, String) });
  expect((await readLogArchive(path)).times).toEqual(times);
});

test("times near 2^64 are exact, those beyond are an error", async () => {
  const far = 2n ** 64n - 10n;
  expect((await readLogArchive(archiveOf([onset(far), frame(9n)]))).times).toEqual(
    BigUint64Array.of(far + 9n),
  );
  await expect(readLogArchive(archiveOf([onset(far), frame(10n)]))).rejects.toThrow(/beyond 64 bits/);
});

test("a log without an onset, or with one that says no time, is an error", async () => {
  await expect(readLogArchive(archiveOf([frame(5n)]))).rejects.toThrow(/no onset/);
  await expect(readLogArchive(archiveOf([]))).rejects.toThrow(/no onset/);
  const short = encodeLogEntry({ source: 101, elapsed: 0n, payload: Uint8Array.of(1) });
  await expect(readLogArchive(archiveOf([[logEntryName(101, 0n), short]]))).rejects.toThrow(
    /1 bytes where 8/,
  );
  const odd = Buffer.from(encodeOnset(101, 5n));
  await expect(readLogArchive(archiveOf([[logEntryName(101, 0n), odd.subarray(0, 132)]]))).rejects.toThrow(
    FileFormatError,
  );
});

test("cut and changed archives are read as they were, or refused by an error that names them", {
  timeout: 60_000,
}, async () => {
  const whole = readFileSync(archive);
  const expected = await readLogArchive(archive);
  const path = join(newFolder(), "101_log.npz");
  const random = generator(11);
  const broken = [
    ...Array.from({ length: 60 }, () => whole.subarray(0, Math.floor(random() * whole.length))),
    ...Array.from({ length: 400 }, () => {
      const bytes = Buffer.from(whole);
      for (let i = 0; i < 1 + random() * 4; i++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      return bytes;
    }),
  ];
  let refused = 0;
  for (const bytes of broken) {
    writeFileSync(path, bytes);
    const found = await readLogArchive(path).catch((error) => {
      expect(error).toBeInstanceOf(MareyError);
      expect(String(error.message)).toContain("101_log.npz");
      refused++;
      return undefined;
    });
    // Where a name was hit it is none of a message any more.
    if (found) for (const time of found.times) expect(expected.times).toContain(time);
  }
  expect(refused).toBeGreaterThan(300);
});

test("a folder, a text or nothing at all is no archive", async () => {
  await expect(readLogArchive(join(folder, "none.npz"))).rejects.toThrow(NotFoundError);
  await expect(readLogArchive(folder)).rejects.toThrow(FileFormatError);
  for (const path of [join(folder, "none.npz"), folder, join(peer, "config.yaml"), join(peer, "101.mp4")]) {
    expect(await isLogArchive(path)).toBe(false);
  }
  await expect(assembleLogs(join(folder, "none"))).rejects.toThrow(NotFoundError);
  await expect(LogFolderWriter.create(join(archive, "x"), 1, 1n)).rejects.toThrow(EncodeError);
});
