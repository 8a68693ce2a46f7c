/**
 * A date as YAML spells it. Python's metadata has microseconds, days without a time and times without a zone, which a
 * `Date` cannot tell apart: `text` keeps them, and is what is written again.
 */
export class Timestamp extends Date {
  /** As it stands in the file: "2020-01-02", "2020-01-02 03:04:05.000678+02:00". */
  readonly text: string;

  private constructor(milliseconds: number, text: string) {
    super(milliseconds);
    this.text = text;
  }

  /**
   * Reads what PyYAML takes for a timestamp; without a zone it is UTC.
   * @returns undefined if it is none, or no day that there is.
   */
  static read(text: string): Timestamp | undefined {
    const found = spelling.exec(text)?.groups;
    if (found === undefined) return undefined;
    const two = (part: string | undefined): string => (part ?? "0").padStart(2, "0");
    const { year, month, day, hour, minute, second, fraction = "", sign, zoneHours, zoneMinutes } = found;
    const isDay = hour === undefined && (month!.length < 2 || day!.length < 2);
    const [clock, date] = [
      `${two(hour)}:${two(minute)}:${two(second)}.${fraction.padEnd(3, "0").slice(0, 3)}`,
      `${year}-${two(month)}-${two(day)}`,
    ];
    const milliseconds = Date.parse(`${date}T${clock}Z`);
    // Date.parse takes the 31st of any month.
    const isReal = !isDay && new Date(Date.parse(`${date}T00:00:00Z`)).getUTCDate() === Number(day);
    if (Number.isNaN(milliseconds) || !isReal || Number(hour ?? 0) > 23) return undefined;
    const offset = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * 60_000;
    return new Timestamp(milliseconds - (sign === "-" ? -offset : offset), text);
  }

  /** Whether it is written as a timestamp is, whatever it says. */
  static isSpelled(text: string): boolean {
    return spelling.test(text);
  }

  /** The text, as long as the date is the one that it says. */
  spelled(): string {
    return Timestamp.read(this.text)?.getTime() === this.getTime() ? this.text : this.toISOString();
  }
}

const spelling =
  /^(?<year>\d{4})-(?<month>\d\d?)-(?<day>\d\d?)(?:(?:[Tt]|[ \t]+)(?<hour>\d\d?):(?<minute>\d\d):(?<second>\d\d)(?:\.(?<fraction>\d*))?(?:[ \t]*(?:Z|(?<sign>[-+])(?<zoneHours>\d\d?)(?::(?<zoneMinutes>\d\d))?))?)?$/;
