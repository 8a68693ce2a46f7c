import type { FrameNumber } from "../core/frame.js";
import { distanceOf, type SortedKeys } from "./sorted-keys.js";

const none = -1;

/**
 * The rows of all frames of all sources, in ascending order of their keys.
 * @param tolerances how far frames of a row may be apart, for each source; undefined: not at all.
 * @returns for each source, by row, the rank of its frame; -1 where it has none.
 */
export function unionRows(
  sources: readonly SortedKeys[],
  tolerances: readonly number[] | undefined,
): Int32Array[] {
  const ranks = tolerances === undefined ? mergeEqual(sources) : mergeNearest(sources, tolerances);
  return ranks.map((places, at) =>
    Int32Array.from(places, (place) => (place === none ? none : sources[at]!.rank(place))),
  );
}

/** Frames with equal keys are a row; of several with the same key the first go together, then the second … */
function mergeEqual(sources: readonly SortedKeys[]): number[][] {
  const rows: number[][] = sources.map(() => []);
  const next = sources.map(() => 0);
  for (;;) {
    let lowest: FrameNumber | undefined;
    for (const [at, source] of sources.entries()) {
      const place = next[at]!;
      if (place < source.size && (lowest === undefined || source.key(place) < lowest))
        lowest = source.key(place);
    }
    if (lowest === undefined) return rows;
    for (const [at, source] of sources.entries()) {
      const place = next[at]!;
      const isHere = place < source.size && !(source.key(place) > lowest);
      rows[at]!.push(isHere ? place : none);
      if (isHere) next[at]!++;
    }
  }
}

/** Sorted keys, whatever they belong to. */
interface Ascending {
  readonly size: number;
  key(place: number): FrameNumber;
}

/**
 * One source after the other is merged into the rows of those before it. A frame joins a row if each is the nearest
 * of the other and they are not too far apart; otherwise it makes a row of its own. A row keeps the key that it was
 * made with.
 */
function mergeNearest(sources: readonly SortedKeys[], tolerances: readonly number[]): number[][] {
  let keys: FrameNumber[] = [];
  let rows: number[][] = [];
  for (const [at, source] of sources.entries()) {
    const old: Ascending = { size: keys.length, key: (row) => keys[row]! };
    const partner = mutualNearest(old, source, tolerances[at]!);
    const isJoined = new Uint8Array(source.size);
    for (const place of partner) if (place !== none) isJoined[place] = 1;
    const mergedKeys: FrameNumber[] = [];
    const merged: number[][] = [...rows.map(() => []), []];
    const add = (row: number, place: number): void => {
      mergedKeys.push(row === none ? source.key(place) : keys[row]!);
      for (const [column, places] of rows.entries()) merged[column]!.push(row === none ? none : places[row]!);
      merged[at]!.push(place);
    };
    let place = 0;
    for (let row = 0; row <= keys.length; row++) {
      for (; place < source.size && (row === keys.length || source.key(place) < keys[row]!); place++) {
        if (isJoined[place] === 0) add(none, place);
      }
      if (row < keys.length) add(row, partner[row]!);
    }
    keys = mergedKeys;
    rows = merged;
  }
  return rows;
}

/** For each place of `a` the place of `b` that it is paired with. */
function mutualNearest(a: Ascending, b: Ascending, tolerance: number): Int32Array {
  const [forth, back] = [nearestPlaces(a, b), nearestPlaces(b, a)];
  return forth.map((place, at) => {
    const isMutual = place !== none && back[place] === at;
    return isMutual && distanceOf(a.key(at), b.key(place)) <= tolerance ? place : none;
  });
}

/** For each place of `a` the nearest of `b`: the first of several that are equally near. */
function nearestPlaces(a: Ascending, b: Ascending): Int32Array {
  let nearest = b.size === 0 ? none : 0;
  let next = afterEqual(b, 0);
  return Int32Array.from({ length: a.size }, (_, at) => {
    const key = a.key(at);
    while (next < b.size && distanceOf(key, b.key(next)) < distanceOf(key, b.key(nearest))) {
      nearest = next;
      next = afterEqual(b, next);
    }
    return nearest;
  });
}

/** The first place after that with another key. */
function afterEqual(keys: Ascending, place: number): number {
  let next = place + 1;
  while (next < keys.size && !(keys.key(next) > keys.key(place))) next++;
  return next;
}
