/** One unit of a byte stream of H.264 or H.265: a slice of a picture, a parameter set … */
export interface NalUnit {
  /** H.264's or H.265's number of its kind. */
  readonly type: number;
  /** Its bytes, without what parts it from the one before. */
  readonly data: Uint8Array;
}

/** What the units of one packet say of its frame. */
export interface AccessUnit {
  /** There is a slice of a picture in it. */
  readonly hasPicture: boolean;
  /** Decoding can begin here: an IDR picture of H.264, an IRAP picture of H.265. A recovery point is none. */
  readonly isKey: boolean;
  /** VPS, SPS and PPS, each once, in the byte stream's form; empty unless all that the codec needs are there. */
  readonly parameterSets: Uint8Array;
}

type NalCodec = "h264" | "hevc";

/** ITU-T H.264 table 7-1: 5 is an IDR slice, 7 and 8 are SPS and PPS. */
const h264 = { picture: [1, 5], key: [5, 5], sets: [7, 8] } as const;
/** ITU-T H.265 table 7-1: 0 … 31 are slices, 16 … 21 of pictures that can be begun with; 32 … 34 are VPS, SPS, PPS. */
const hevc = { picture: [0, 31], key: [16, 21], sets: [32, 33, 34] } as const;

const startCode = Uint8Array.of(0, 0, 0, 1);

/** Bytes of the length before each unit, of packets that go with such an avcC or hvcC; undefined if it is neither. */
export function lengthBytes(codec: NalCodec, extradata: Uint8Array): number | undefined {
  // A byte stream begins with a start code; the others with their version, 1 (ISO/IEC 14496-15 §5.3.3, §8.3.3).
  if (extradata[0] !== 1) return undefined;
  const at = codec === "h264" ? 4 : 21;
  return extradata.length > at ? (extradata[at]! & 3) + 1 : undefined;
}

/**
 * The units of a packet.
 * @param prefix bytes of the length before each; undefined where start codes part them.
 */
export function nalUnits(codec: NalCodec, packet: Uint8Array, prefix?: number): NalUnit[] {
  const pieces = prefix === undefined ? byStartCodes(packet) : byLengths(packet, prefix);
  return pieces.flatMap((data) =>
    data.length === 0 ? [] : [{ type: codec === "h264" ? data[0]! & 0x1f : (data[0]! >> 1) & 0x3f, data }],
  );
}

export function describeAccessUnit(codec: NalCodec, packet: Uint8Array, prefix?: number): AccessUnit {
  const kinds = codec === "h264" ? h264 : hevc;
  const units = nalUnits(codec, packet, prefix);
  const has = ([least, most]: readonly [number, number]): boolean =>
    units.some(({ type }) => type >= least && type <= most);
  // Between 2 and 4 are H.264's data partitions; no camera makes them, and no chunk begins with one.
  const sets = units.filter(({ type }) => (kinds.sets as readonly number[]).includes(type));
  const isComplete = kinds.sets.every((type) => sets.some((unit) => unit.type === type));
  return {
    hasPicture: has(kinds.picture),
    isKey: has(kinds.key),
    parameterSets: isComplete ? joined(sets.map(({ data }) => data)) : new Uint8Array(0),
  };
}

/** Parameter sets in one form: each once, in their order, behind four-byte start codes. */
export function tidyParameterSets(codec: NalCodec, extradata: Uint8Array): Uint8Array {
  return describeAccessUnit(codec, extradata).parameterSets;
}

function joined(units: readonly Uint8Array[]): Uint8Array {
  const seen = new Set<string>();
  const kept = units.filter((unit) => {
    const text = Buffer.from(unit).toString("latin1");
    return !seen.has(text) && seen.add(text);
  });
  return new Uint8Array(Buffer.concat(kept.flatMap((unit) => [startCode, unit])));
}

/** ITU-T H.264 annex B: 0, 0, 1 begins a unit; zeros before it belong to none. */
function byStartCodes(packet: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const pieces: Uint8Array[] = [];
  let at = bytes.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length;
    at = bytes.indexOf(mark, start);
    let end = at < 0 ? bytes.length : at;
    while (end > start && bytes[end - 1] === 0) end--;
    pieces.push(bytes.subarray(start, end));
  }
  return pieces;
}

const mark = Buffer.of(0, 0, 1);

function byLengths(packet: Uint8Array, prefix: number): Uint8Array[] {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at + prefix <= bytes.length; ) {
    const start = at + prefix;
    at = start + bytes.readUIntBE(at, prefix);
    pieces.push(bytes.subarray(start, Math.min(at, bytes.length)));
  }
  return pieces;
}
