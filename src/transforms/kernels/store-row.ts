/** Writes a row of numbers into a picture, rounded and limited as its samples are. */
export type StoreRow = (row: Float32Array, to: Samples, at: number, count: number) => void;

export type Samples = Uint8Array | Uint16Array | Float32Array;

/** @param white the largest sample of integers. */
export function rowStore(isFloat: boolean, white: number): StoreRow {
  if (isFloat) return (row, to, at, count) => to.set(row.subarray(0, count), at);
  return (row, to, at, count) => {
    for (let i = 0; i < count; i++) {
      const value = Math.fround(row[i]! + 0.5);
      to[at + i] = value > white ? white : value > 0 ? value : 0;
    }
  };
}
