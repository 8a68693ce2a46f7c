import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ColumnIndex } from "../src/core/column-index.js";
import { layMosaic } from "../src/transforms/mosaic-layout.js";
import { planMosaic, type SourceTiming } from "../src/transforms/mosaic-times.js";

const at = (...times: number[]): ColumnIndex => new ColumnIndex({ times: Float64Array.from(times) });
const rows = (ranks: Int32Array): number[] => [...ranks];

describe("by time", () => {
  test("each source shows what was on its screen, at the times of the quickest", () => {
    const { times, ranks } = planMosaic([at(0, 0.1, 0.2, 0.3), at(0, 0.2)], [{}, {}]);
    expect([...times]).toEqual([0, 0.1, 0.2, 0.3]);
    expect(rows(ranks[0]!)).toEqual([0, 1, 2, 3]);
    expect(rows(ranks[1]!)).toEqual([0, 0, 1, 1]);
  });

  test("what begins later is blank before, and holds its last picture when it is over", () => {
    const { ranks } = planMosaic([at(0, 1, 2, 3, 4, 5), at(2, 3)], [{}, {}]);
    expect(rows(ranks[1]!)).toEqual([-1, -1, 0, 1, 1, 1]);
  });

  test.each<[SourceTiming, number[]]>([
    [{ after: "blank" }, [0, 1, -1, -1, -1, -1]],
    [{ after: "loop" }, [0, 1, 0, 1, 0, 1]],
    [{ after: "hold" }, [0, 1, 1, 1, 1, 1]],
    [{ after: "stop" }, [0, 1]],
    [{ offset: 3 }, [-1, -1, -1, 0, 1, 1]],
    [{ offset: 3, before: "hold" }, [0, 0, 0, 0, 1, 1]],
    [{ speed: 0.5 }, [0, 0, 1, 1, 1, 1]],
    [{ fps: 0.5 }, [0, 0, 1, 1, 1, 1]],
    [{ offset: 1, speed: 0.5, after: "loop" }, [-1, 0, 0, 1, 1, 0]],
  ])("a source of two frames with %j shows %j beside one of six", (timing, expected) => {
    const { ranks } = planMosaic([at(0, 1, 2, 3, 4, 5), at(0, 1)], [{}, timing]);
    expect(rows(ranks[1]!)).toEqual(expected);
  });

  test("sources that never ran at once begin together, unless their clock is said to be one", () => {
    const [early, late] = [at(10, 11), at(20, 21)];
    expect(planMosaic([early, late], [{}, {}]).ranks.map(rows)).toEqual([
      [0, 1],
      [0, 1],
    ]);
    const { times, ranks } = planMosaic([early, late], [{}, {}], { clock: "shared" });
    expect([...times]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
    expect(rows(ranks[1]!).indexOf(0)).toBe(10);
  });

  test("an even rate has its own instants", () => {
    const { times, ranks } = planMosaic([at(0, 0.35, 0.7)], [{}], { fps: 10 });
    expect([...times].map((time) => Math.round(time * 1000))).toEqual([
      0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000,
    ]);
    expect(rows(ranks[0]!)).toEqual([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2]);
  });

  test("a still picture is always there", () => {
    expect(rows(planMosaic([at(5, 6, 7), at(0)], [{}, {}]).ranks[1]!)).toEqual([0, 0, 0]);
  });

  test("whatever the times, each row shows the last frame that had begun", () => {
    const film = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 2, maxLength: 20 }).map((steps) => {
      let time = 0;
      return steps.map((step) => {
        time += step;
        return time / 100;
      });
    });
    fc.assert(
      fc.property(film, film, (a, b) => {
        const { times, ranks } = planMosaic([at(...a), at(...b)], [{}, {}], { clock: "shared" });
        for (const [row, time] of times.entries()) {
          for (const [source, own] of [a, b].entries()) {
            const begun = own.filter((one) => one <= time + 0.001).length;
            expect(ranks[source]![row]).toBe(begun - 1);
          }
        }
        // Every frame of the quickest is shown.
        const step = (own: readonly number[]): number => (own.at(-1)! - own[0]!) / (own.length - 1);
        const quickest = step(a) <= step(b) ? 0 : 1;
        expect(new Set(ranks[quickest]).size).toBeGreaterThanOrEqual([a, b][quickest]!.length);
      }),
      { numRuns: 300 },
    );
  });

  test("a time that is far off is an error, not a billion rows", () => {
    expect(() => planMosaic([at(0, 0.001, 0.002), at(1e9, 1e9 + 1)], [{}, {}], { clock: "shared" })).toThrow(
      RangeError,
    );
  });
});

test("by index the k-th frames stand together, slower, faster and later as asked", () => {
  const five = at(9, 9, 9, 9, 9);
  const { ranks } = planMosaic([five, five, five], [{}, { speed: 2 }, { offset: 2 }], { by: "index" });
  expect(ranks.map(rows)).toEqual([
    [0, 1, 2, 3, 4, 4, 4],
    [0, 2, 4, 4, 4, 4, 4],
    [-1, -1, 0, 1, 2, 3, 4],
  ]);
});

test("by number the frames of one number stand together, and a lost one is blank", () => {
  const numbered = (...numbers: number[]): ColumnIndex =>
    new ColumnIndex({ numbers: Float64Array.from(numbers), times: Float64Array.from(numbers) });
  const { numbers, ranks } = planMosaic([numbered(1, 2, 4), numbered(2, 3, 4, 5)], [{ after: "blank" }, {}], {
    by: "number",
  });
  expect(numbers).toEqual([1, 2, 3, 4, 5]);
  expect(ranks.map(rows)).toEqual([
    [0, 1, -1, 2, -1],
    [-1, 0, 1, 2, 3],
  ]);
});

describe("the layout", () => {
  const vga = { width: 640, height: 480 };

  test("of four pictures is two by two, and both sides are even", () => {
    const { width, height, cells } = layMosaic([vga, vga, vga, { width: 101, height: 51 }], {
      padding: 3,
      border: 1,
    });
    expect([width, height]).toEqual([1286, 966]);
    expect(cells.map(({ cell }) => [cell.left, cell.top])).toEqual([
      [1, 1],
      [644, 1],
      [1, 484],
      [644, 484],
    ]);
  });

  test("takes the columns and rows that are asked for, or says that they are too few", () => {
    expect(layMosaic([vga, vga, vga], { columns: 3 })).toMatchObject({ width: 1920, height: 480 });
    expect(layMosaic([vga, vga, vga], { rows: 3 })).toMatchObject({ width: 640, height: 1440 });
    expect(() => layMosaic([vga, vga, vga], { columns: 1, rows: 2 })).toThrow(RangeError);
  });

  test("of a row makes all as high as the one that is named, of a column all as wide", () => {
    const wide = { width: 1000, height: 250 };
    const row = layMosaic([vga, wide], { layout: "row" });
    expect(row.cells.map(({ cell }) => [cell.width, cell.height])).toEqual([
      [640, 480],
      [1920, 480],
    ]);
    const column = layMosaic([vga, wide], { layout: "column", sizeOf: 1 });
    expect(column.cells.map(({ cell }) => [cell.width, cell.height])).toEqual([
      [1000, 750],
      [1000, 250],
    ]);
  });

  test("shrinks the cells until all fits, and never the margins", () => {
    const { width, height, cells } = layMosaic([vga, vga], {
      layout: "row",
      maxWidth: 650,
      padding: 10,
      titleHeight: 20,
    });
    expect([width, height]).toEqual([650, 260]);
    expect(cells[1]!.title).toEqual({ left: 330, top: 0, width: 320, height: 20 });
    expect(() => layMosaic([vga, vga], { padding: 10, maxWidth: 10, layout: "row" })).toThrow(RangeError);
  });
});
