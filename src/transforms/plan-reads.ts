/** Some rows whose frames are read in one way. */
export interface ReadRun {
  /** Rows [from, to) of those that were planned. */
  readonly from: number;
  readonly to: number;
  /** Every how many frames a loop over the source goes; 0: frames are asked for one by one. */
  readonly step: number;
  /** Rank of the first and the last frame of the loop. */
  readonly first: number;
  readonly last: number;
}

/** A loop that is left after a few frames costs more than it saves. */
const shortestLoop = 4;
/** A frame that is farther off is sought, not read up to. */
const longestSkip = 64;
/** Rows that are planned at once: a loop over all frames need not wait until millions of rows are planned. */
const longestRun = 16_384;

/**
 * How the frames of some rows are best read from a source that reads fastest in order: a loop where most frames that
 * it would pass are wanted, else one by one.
 * @param ranks by row; a negative one wants no frame, one that equals the one before wants it again.
 */
export function* planReads(ranks: Int32Array): Generator<ReadRun> {
  for (let from = 0; from < ranks.length; ) {
    const run = nextRun(ranks, from);
    yield run;
    from = run.to;
  }
}

function nextRun(ranks: Int32Array, from: number): ReadRun {
  let [first, last, wanted, step] = [-1, -1, 0, 0];
  let to = from;
  for (; to < ranks.length && to - from < longestRun; to++) {
    const rank = ranks[to]!;
    if (rank < 0 || rank === last) continue;
    if (wanted > 0) {
      const skip = rank - last;
      if (Math.abs(skip) > longestSkip || skip * step < 0) break;
      step = commonDivisor(Math.abs(step), Math.abs(skip)) * Math.sign(skip);
    } else first = rank;
    last = rank;
    wanted++;
  }
  const passed = step === 0 ? wanted : (last - first) / step + 1;
  const isLoop = wanted >= shortestLoop && passed <= 2 * wanted;
  return { from, to, step: isLoop ? step : 0, first, last };
}

function commonDivisor(a: number, b: number): number {
  let [high, low] = [a, b];
  while (low !== 0) [high, low] = [low, high % low];
  return high;
}
