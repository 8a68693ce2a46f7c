import {
  type Data,
  Field,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint32,
  Uint64,
} from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { FileFormatError, MareyError, UnsupportedError } from "../src/core/errors.js";
import { encodeFeather } from "../src/timestamps/feather.js";
import type { FrameTimes } from "../src/timestamps/frame-times.js";
import { timesOfMicroseconds } from "../src/timestamps/frame-times.js";
import { encodeParquet } from "../src/timestamps/parquet.js";
import { decodeFeather } from "../src/timestamps/read-feather.js";
import { generator } from "./fixtures/noise-image.js";
import { polarsFeather } from "./fixtures/polars-feather.js";
import { python } from "./peers/python.js";

/** Reads the tables of an Arrow IPC file by hand, as its specification has them. */
const judge = `
import json, struct, sys
data = sys.stdin.buffer.read()
def u16(at): return struct.unpack_from("<H", data, at)[0]
def i32(at): return struct.unpack_from("<i", data, at)[0]
def i64(at): return struct.unpack_from("<q", data, at)[0]
class T:
    def __init__(self, at): self.at, self.v = at, at - i32(at)
    def place(self, i):
        o = u16(self.v + 4 + 2 * i) if 4 + 2 * i < u16(self.v) else 0
        return self.at + o if o else None
    def table(self, i): p = self.place(i); return T(p + i32(p)) if p else None
    def vector(self, i, size):
        p = self.place(i)
        if not p: return []
        p += i32(p); return [p + 4 + k * size for k in range(i32(p))]
    def byte(self, i, other=0): p = self.place(i); return data[p] if p else other
    def short(self, i, other=0): p = self.place(i); return u16(p) if p else other
    def int(self, i, other=0): p = self.place(i); return i32(p) if p else other
    def long(self, i, other=0): p = self.place(i); return i64(p) if p else other
    def text(self, i): p = self.place(i); p += i32(p); return data[p + 4 : p + 4 + i32(p)].decode()
assert data[:8] == b"ARROW1\\0\\0" and data[-6:] == b"ARROW1"
size = i32(len(data) - 10)
root = len(data) - 10 - size
footer = T(root + i32(root))
schema = footer.table(1)
fields = [T(p + i32(p)) for p in schema.vector(1, 4)]
kind = fields[0].table(3)
out = {"version": footer.short(0), "endian": schema.short(0), "fields": [f.text(0) for f in fields], "nullable": bool(fields[0].byte(1)),
  "type": fields[0].byte(2), "bits": kind.int(0), "signed": bool(kind.byte(1)), "metadata": len(schema.vector(2, 4)) + len(fields[0].vector(6, 4)),
  "batches": []}
for block in footer.vector(3, 24):
    offset, head, body = i64(block), i32(block + 8), i64(block + 16)
    assert offset % 8 == 0 and head % 8 == 0 and body % 64 == 0 and i32(offset) == -1 and i32(offset + 4) == head - 8
    message = T(offset + 8 + i32(offset + 8))
    assert message.byte(1) == 3 and message.long(3) == body
    batch = message.table(2)
    rows, nodes, buffers = batch.long(0), batch.vector(1, 16), batch.vector(2, 16)
    (valid, validBytes), (values, bytes) = [(i64(p), i64(p + 8)) for p in buffers]
    start = offset + head
    known = [not validBytes or bool(data[start + valid + r // 8] >> (r % 8) & 1) for r in range(rows)]
    assert values + bytes <= body and bytes == rows * 8 and i64(nodes[0]) == rows and i64(nodes[0] + 8) == known.count(False)
    numbers = struct.unpack_from("<%dQ" % rows, data, start + values)
    out["batches"].append([str(n) if k else None for n, k in zip(numbers, known)])
    out["compressed"] = batch.table(3) is not None
    assert data[start + body : start + body + 8] == b"\\xff\\xff\\xff\\xff\\0\\0\\0\\0"
print(json.dumps(out))
`;

const known = (times: readonly (bigint | undefined)[]) => times.map((time) => time !== undefined);
const encoded = (times: readonly (bigint | undefined)[]) =>
  encodeFeather(
    BigUint64Array.from(times, (time) => time ?? 0n),
    known(times),
  );

test("a Feather file has the bytes that Polars gives it, without a row and with missing ones, too", () => {
  for (const { times, file } of polarsFeather) {
    expect(Buffer.from(encoded(times)).toString("base64")).toBe(file);
  }
});

test("by the letter of Arrow's format it is one batch of one column of uint64 that may be null, not compressed", () => {
  const random = generator(5);
  const long = Array.from({ length: 1000 }, () => BigInt(Math.floor(random() * 2 ** 53)) * 2048n);
  const holes = long.map((time, at) => (at % 7 === 3 ? undefined : time));
  for (const times of [[], [2n ** 64n - 1n], long, holes]) {
    const found = JSON.parse(python(judge, [], encoded(times)));
    const { batches, compressed = false, ...facts } = found;
    expect(facts).toEqual({
      ...{
        version: 4,
        endian: 0,
        fields: ["frame_time_us"],
        nullable: true,
        type: 2,
        bits: 64,
        signed: false,
        metadata: 0,
      },
    });
    expect([batches, compressed]).toEqual([
      [times.map((time) => (time === undefined ? null : String(time)))],
      false,
    ]);
  }
});

test("Apache Arrow reads it, and what it holds comes back", async () => {
  const times = Array.from({ length: 333 }, (_, i) => 1_795_302_033_171_924n + BigInt(i) * 34_035n);
  const file = encoded(times);
  const table = tableFromIPC(file);
  expect([table.batches.length, String(table.schema.fields[0])]).toEqual([1, "frame_time_us: Uint64"]);
  expect([...table.getChild("frame_time_us")!.toArray()]).toEqual(times);
  expect([...decodeFeather(file, "x.feather")]).toEqual(times);
  for (const { times, file } of polarsFeather.filter(({ times }) => !times.includes(undefined))) {
    expect([...decodeFeather(Buffer.from(file, "base64"), "x.feather")]).toEqual(times);
  }
});

/** A table of batches, as Arrow writes it. */
function arrowFile(
  type: Uint64 | Int64 | Uint32,
  pieces: readonly (BigUint64Array | BigInt64Array | Uint32Array)[],
  name = "frame_time_us",
) {
  const schema = new Schema([new Field(name, type, true)]);
  const batches = pieces.map((data) => {
    const column = makeData({ type: type as Uint64, data: data as BigUint64Array });
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length: data.length, children: [column as Data] }),
    );
  });
  return tableToIPC(new Table(schema, batches), "file");
}

test("several batches and signed numbers are read, as the peer's reader does", async () => {
  const two = arrowFile(new Uint64(), [BigUint64Array.of(5n, 6n), BigUint64Array.of(7n)]);
  expect(decodeFeather(two, "x")).toEqual(BigUint64Array.of(5n, 6n, 7n));
  const signed = arrowFile(new Int64(), [BigInt64Array.of(5n, 2n ** 62n)]);
  expect(decodeFeather(signed, "x")).toEqual(BigUint64Array.of(5n, 2n ** 62n));
});

test("another column, another type, missing times and times before 1970 are errors that say so", async () => {
  const refused = (file: Uint8Array) =>
    new Promise((resolve) => resolve(decodeFeather(file, "x.feather"))).catch((error) => error as Error);
  expect(await refused(arrowFile(new Uint64(), [BigUint64Array.of(1n)], "time"))).toBeInstanceOf(
    FileFormatError,
  );
  expect(await refused(arrowFile(new Uint32(), [Uint32Array.of(1)]))).toBeInstanceOf(UnsupportedError);
  expect(await refused(arrowFile(new Int64(), [BigInt64Array.of(-1n)]))).toBeInstanceOf(UnsupportedError);
  expect(String(await refused(encoded([1n, undefined])))).toMatch(/misses 1 of 2 times/);
  expect(await refused(Buffer.from("no arrow"))).toBeInstanceOf(FileFormatError);
  expect(String(await refused(arrowFile(new Uint64(), [BigUint64Array.of(1n)], "time")))).toContain(
    "it has time",
  );
});

test("cut and changed files are read or refused by an error, and never hang or fill the memory", async () => {
  const whole = encoded(Array.from({ length: 50 }, (_, i) => BigInt(i)));
  const random = generator(3);
  for (let round = 0; round < 1500; round++) {
    const bytes = whole.slice(0, round % 5 === 0 ? Math.floor(random() * whole.length) : whole.length);
    for (let i = 0; i < 3; i++)
      bytes[8 + Math.floor(random() * (bytes.length - 8))] = Math.floor(random() * 256);
    try {
      expect(decodeFeather(bytes, "x.feather").length).toBeLessThan(1000);
    } catch (error) {
      expect(error).toBeInstanceOf(MareyError);
    }
  }
});

test("Parquet holds numbers, seconds and microseconds, null where unknown", async () => {
  const rows = async (times: FrameTimes) => {
    const bytes = await encodeParquet(times);
    return parquetReadObjects({ file: bytes.slice().buffer as ArrayBuffer });
  };
  expect(await rows(timesOfMicroseconds(BigUint64Array.of(1_500_000n, 1_795_302_033_171_924n)))).toEqual([
    { number: 0n, time: 1.5, frame_time_us: 1_500_000n },
    { number: 1n, time: 1_795_302_033.171924, frame_time_us: 1_795_302_033_171_924n },
  ]);
  expect(await rows(timesOfMicroseconds(BigUint64Array.of(2n ** 64n - 1n)))).toMatchObject([
    { frame_time_us: 2n ** 64n - 1n },
  ]);
  const odd: FrameTimes = {
    length: 2,
    number: (frame) => [2n ** 60n, Number.NaN][frame]!,
    time: (frame) => [-0.5, Number.NaN][frame]!,
    microseconds: (frame) => [-500_000n, undefined][frame],
  };
  expect(await rows(odd)).toEqual([
    { number: 2n ** 60n, time: -0.5, frame_time_us: -500_000n },
    { number: null, time: null, frame_time_us: null },
  ]);
  const half = { ...odd, number: (frame: number) => frame + 0.5 };
  expect(await rows(half)).toMatchObject([{ number: 0.5 }, { number: 1.5 }]);
  expect(await rows(timesOfMicroseconds(new BigUint64Array(0)))).toEqual([]);
});
