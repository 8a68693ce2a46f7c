import { afterAll, describe, expect, test } from "vitest";
import { nextAfter, parseCron } from "../src/recording/cron.js";
import { nextSaving } from "../src/recording/saving-hours.js";

const zoneBefore = process.env.TZ;
afterAll(() => {
  process.env.TZ = zoneBefore;
});

/** What a clock on the wall shows, minute by minute through a year, by the engine's own calendar. */
interface Minute {
  readonly time: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

function yearOf(zone: string, year: number): Minute[] {
  process.env.TZ = zone;
  const minutes: Minute[] = [];
  const [from, to] = [Date.UTC(year, 0) / 1000, Date.UTC(year + 1, 0) / 1000];
  for (let time = from; time < to; time += 60) {
    const date = new Date(time * 1000);
    minutes.push({
      ...{ time, minute: date.getMinutes(), hour: date.getHours(), day: date.getDate() },
      ...{ month: date.getMonth() + 1, weekday: date.getDay() },
    });
  }
  return minutes;
}

function comingsOf(line: string, zone: string, from: number, to: number): number[] {
  const cron = parseCron(line);
  const times: number[] = [];
  for (let time: number | undefined = from - 1; ; ) {
    time = nextAfter(cron, time, zone);
    if (time === undefined || time >= to) return times;
    times.push(time);
  }
}

const spans = (from: number, to: number, step = 1): ((value: number) => boolean) => {
  return (value) => value >= from && value <= to && (value - from) % step === 0;
};

/** The lines, and the same said by hand. */
const lines: readonly [line: string, fits: (at: Minute) => boolean][] = [
  ["*/7 0 * * *", ({ minute, hour }) => spans(0, 59, 7)(minute) && hour === 0],
  ["*/29 */3 * * *", ({ minute, hour }) => spans(0, 59, 29)(minute) && hour % 3 === 0],
  ["@hourly", ({ minute }) => minute === 0],
  ["5,35 8-18/2 * * *", ({ minute, hour }) => (minute === 5 || minute === 35) && spans(8, 18, 2)(hour)],
  ["0 4 * * mon-fri", ({ minute, hour, weekday }) => minute === 0 && hour === 4 && spans(1, 5)(weekday)],
  // Day of the month or day of the week: one is enough, unless one of them begins with a star.
  [
    "0 4 13 * 5",
    ({ minute, hour, day, weekday }) => minute + hour === 4 && hour === 4 && (day === 13 || weekday === 5),
  ],
  [
    "0 4 */2 * 0",
    ({ minute, hour, day, weekday }) => minute === 0 && hour === 4 && day % 2 === 1 && weekday === 0,
  ],
  [
    "0 4 1-7 feb,NOV *",
    (at) => at.minute === 0 && at.hour === 4 && at.day <= 7 && [2, 11].includes(at.month),
  ],
  ["0 4 * * 7", ({ minute, hour, weekday }) => minute === 0 && hour === 4 && weekday === 0],
  ["@weekly", ({ minute, hour, weekday }) => minute === 0 && hour === 0 && weekday === 0],
  ["@monthly", ({ minute, hour, day }) => minute === 0 && hour === 0 && day === 1],
];

describe.each([
  ["UTC", 2024],
  ["Europe/Berlin", 2025],
  ["Australia/Lord_Howe", 2025],
  ["America/St_Johns", 2026],
])("%s in %d", (zone, year) => {
  const minutes = yearOf(zone, year);
  const [from, to] = [minutes[0]!.time, minutes.at(-1)!.time + 60];

  // No line here names a time that a change of clocks leaves out or repeats, but those that go by time that passes.
  test.each(lines)("%s comes at exactly the minutes that fit", (line, fits) => {
    const expected = minutes.filter(fits).map(({ time }) => time);
    expect(comingsOf(line, zone, from, to)).toEqual(expected);
  });
});

const berlin = (text: string): number => Date.parse(text) / 1000;

describe("the nights when clocks change in Berlin", () => {
  const [spring, autumn] = [
    [berlin("2025-03-30T00:00+01:00"), berlin("2025-03-31T00:00+02:00")],
    [berlin("2025-10-26T00:00+02:00"), berlin("2025-10-27T00:00+01:00")],
  ] as const;
  const on = (line: string, [from, to]: readonly [number, number]): number[] =>
    comingsOf(line, "Europe/Berlin", from, to);

  test("what is due at a time that is left out comes at once after the jump, and once", () => {
    expect(on("30 2 * * *", spring)).toEqual([berlin("2025-03-30T03:00+02:00")]);
    expect(on("10,50 2 * * *", spring)).toEqual([berlin("2025-03-30T03:00+02:00")]);
    expect(on("0 2,3 * * *", spring)).toEqual([berlin("2025-03-30T03:00+02:00")]);
    expect(on("30 1,2,3 * * *", spring)).toEqual([
      berlin("2025-03-30T01:30+01:00"),
      berlin("2025-03-30T03:00+02:00"),
      berlin("2025-03-30T03:30+02:00"),
    ]);
  });

  test("what is due at a time that is there twice comes the first time", () => {
    expect(on("30 2 * * *", autumn)).toEqual([berlin("2025-10-26T02:30+02:00")]);
    // Asked between the two, it is the next day's.
    expect(nextAfter(parseCron("30 2 * * *"), berlin("2025-10-26T02:45+02:00"), "Europe/Berlin")).toBe(
      berlin("2025-10-27T02:30+01:00"),
    );
  });

  test("what comes every hour or every few minutes goes on as time does", () => {
    expect(on("0 * * * *", spring)).toHaveLength(23);
    expect(on("0 * * * *", autumn)).toHaveLength(25);
    expect(on("*/20 2 * * *", spring)).toHaveLength(0);
    expect(on("*/20 2 * * *", autumn)).toHaveLength(6);
  });

  test("the day between two hours is as long as the clocks make it", () => {
    const hours = [{ from: "22:00", to: "06:00" }];
    expect(nextSaving(hours, spring[0] - 7200, "Europe/Berlin")).toEqual({
      begin: berlin("2025-03-29T22:00+01:00"),
      end: berlin("2025-03-30T06:00+02:00"),
    });
    expect(nextSaving(hours, autumn[0] - 7200, "Europe/Berlin")).toEqual({
      begin: berlin("2025-10-25T22:00+02:00"),
      end: berlin("2025-10-26T06:00+01:00"),
    });
    const late = [{ from: "02:30", to: "05:00" }];
    expect(nextSaving(late, spring[0], "Europe/Berlin")).toEqual({
      begin: berlin("2025-03-30T03:00+02:00"),
      end: berlin("2025-03-30T05:00+02:00"),
    });
  });
});

test("a clock that is set back at midnight brings no day twice, and none is missed", () => {
  // In Havana 01:00 becomes 00:00 in autumn, and 00:00 becomes 01:00 in spring.
  const zone = "America/Havana";
  const [from, to] = [Date.UTC(2025, 0) / 1000, Date.UTC(2026, 0) / 1000];
  const times = comingsOf("0 0 * * *", zone, from, to);
  expect(times).toHaveLength(365);
  expect(Math.max(...times.slice(1).map((time, at) => time - times[at]!))).toBeLessThanOrEqual(25 * 3600);
  expect(Math.min(...times.slice(1).map((time, at) => time - times[at]!))).toBeGreaterThanOrEqual(23 * 3600);
});

test("a day that comes in 40 years is found, one that never comes is refused", () => {
  const leap = parseCron("0 12 29 2 */7");
  expect(new Date(nextAfter(leap, Date.UTC(2080, 2) / 1000, "UTC")! * 1000).toISOString()).toBe(
    "2104-02-29T12:00:00.000Z".replace("2104", String(sundayLeapYearAfter(2080))),
  );
  expect(() => parseCron("0 0 30 2 *")).toThrow(/never comes/);
  expect(parseCron("0 0 30 2 1").needsBothDays).toBe(false);
});

function sundayLeapYearAfter(year: number): number {
  for (let next = year + 1; ; next++) {
    const date = new Date(Date.UTC(next, 1, 29));
    if (date.getUTCDate() === 29 && date.getUTCDay() === 0) return next;
  }
}

test.each([
  ["0 4 * *", /4 fields; a crontab line has five/],
  ["0 0 4 * * *", /6 fields/],
  ["60 4 * * *", /minute: "60" is none; they are 0 to 59/],
  ["0 24 * * *", /hour: "24"/],
  ["0 4 0 * *", /day of the month: "0"/],
  ["0 4 * 13 *", /month: "13" .* or jan to dec/],
  ["0 4 * * fri-mon", /runs backwards/],
  ["5/15 * * * *", /has a step, but no range/],
  ["*/0 * * * *", /minute: "\*\/0"/],
  ["1- * * * *", /minute: "1-"/],
  ["-1 * * * *", /minute: "-1"/],
  ["1,,2 * * * *", /minute: ""/],
  ["*/5/5 * * * *", /minute/],
  ["1-2-3 * * * *", /minute/],
  ["+5 * * * *", /minute/],
  ["@reboot", /"@reboot" is none of @yearly/],
  ["", /fields/],
])("%s is refused, and the reason is said", (line, reason) => {
  expect(() => parseCron(line)).toThrow(RangeError);
  expect(() => parseCron(line)).toThrow(reason);
});

test("the span that is under way is found, else the next; the longest of several", () => {
  const noon = Date.UTC(2025, 5, 2, 12) / 1000;
  const cron = { cron: "0 * * * *", seconds: 600 };
  expect(nextSaving([cron], noon + 60, "UTC")).toEqual({ begin: noon, end: noon + 600 });
  expect(nextSaving([cron], noon + 600, "UTC")).toEqual({ begin: noon + 3600, end: noon + 4200 });
  const all = [cron, { from: "11:00", to: "13:00" }, { from: "11:30", to: "12:05" }];
  expect(nextSaving(all, noon + 60, "UTC")).toEqual({ begin: noon - 3600, end: noon + 3600 });
  expect(nextSaving([{ from: "18:00", to: "24:00" }], noon, "UTC")).toEqual({
    begin: noon + 6 * 3600,
    end: noon + 12 * 3600,
  });
  expect(nextSaving([], noon, "UTC")).toBeUndefined();
  expect(() => nextSaving([{ from: "7 am", to: "19:00" }], noon)).toThrow(/"7 am" is no time of day/);
});
