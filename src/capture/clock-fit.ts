/** How a camera's clock runs beside this machine's. */
export interface ClockFitSummary {
  /** Pairs of readings that it was made of. */
  readonly samples: number;
  /** Seconds to add to the camera's clock at its first reading, to have the machine's monotonic clock. */
  readonly offset: number;
  /** Millionths by which the camera's clock is slower than the machine's. */
  readonly drift: number;
  /** Seconds that frames came after the time that the fit gives them: how long they were on their way, beyond the shortest. */
  readonly late: { readonly mean: number; readonly longest: number };
  /** Times that the camera's clock jumped, and the fit began anew. */
  readonly jumps: number;
}

/** One bin: the reading that was on its way for the shortest time. */
interface Bin {
  readonly camera: number;
  readonly offset: number;
}

/** Seconds that a bin is wide at first; later, as long as it takes to have `mostBins` at most. */
const firstWidth = 1;
const mostBins = 512;
/** Bins from which on a drift is told: with less it is noise. */
const leastBins = 10;
/** Seconds; a reading that is off by more is late, or the clock has jumped. */
const suspicious = 0.5;
/** Readings that agree before a jump is believed. */
const witnesses = 8;
/** Seconds by which they may disagree. */
const agreement = 0.25;

/**
 * The mapping from a camera's clock to the machine's, fitted while frames come.
 *
 * A frame is never here before it was taken, and often little later: in each second the one that was on its way for the
 * shortest time says what the offset is, and a line through those (least squares, without what is far off it) gives offset
 * and drift. This is the one-way estimate that is usual where a clock cannot be asked (Moon, Skelly and Towsley, INFOCOM
 * 1999, use the same lower envelope); what every frame takes at least, exposure and transfer, stays in the offset.
 */
export class ClockFit {
  #bins: Bin[] = [];
  #width = firstWidth;
  /** Of the bin that is being filled. */
  #best: Bin | undefined;
  #binStart = Number.NaN;
  /** The line: offset at `#origin`, and seconds a second. */
  #origin = Number.NaN;
  #offset = Number.NaN;
  #drift = 0;
  #suspects: Bin[] = [];
  #samples = 0;
  #jumps = 0;
  #lateSum = 0;
  #longest = 0;

  /**
   * @param camera seconds on the camera's clock.
   * @param arrived seconds on the machine's monotonic clock.
   */
  add(camera: number, arrived: number): void {
    const reading = { camera, offset: arrived - camera };
    if (Number.isNaN(this.#origin)) this.#start([reading]);
    else if (this.isSuspicious(camera, arrived)) this.#suspect(reading);
    else {
      const late = arrived - this.hostTimeOf(camera);
      this.#suspects = [];
      this.#samples++;
      this.#lateSum += Math.max(0, late);
      this.#longest = Math.max(this.#longest, late);
      this.#put(reading);
    }
  }

  /** The machine's monotonic clock when the camera's read so; NaN before the first reading. */
  hostTimeOf(camera: number): number {
    return camera + this.#offset + this.#drift * (camera - this.#origin);
  }

  /** True where a reading is so far off the fit that the camera's clock may have jumped. */
  isSuspicious(camera: number, arrived: number): boolean {
    return Math.abs(arrived - this.hostTimeOf(camera)) > suspicious;
  }

  /** Undefined before the first reading. */
  summary(): ClockFitSummary | undefined {
    if (this.#samples === 0) return undefined;
    return {
      samples: this.#samples,
      offset: this.#offset,
      drift: this.#drift * 1e6,
      late: { mean: this.#lateSum / this.#samples, longest: this.#longest },
      jumps: this.#jumps,
    };
  }

  /** A jump is believed when several readings in a row agree on it: one that is late is only late. */
  #suspect(reading: Bin): void {
    this.#suspects.push(reading);
    if (this.#suspects.length < witnesses) return;
    const offsets = this.#suspects.map(({ offset }) => offset);
    if (Math.max(...offsets) - Math.min(...offsets) > agreement) {
      this.#suspects.shift();
      return;
    }
    this.#jumps++;
    this.#start(this.#suspects);
  }

  #start(readings: readonly Bin[]): void {
    const best = readings.reduce((least, each) => (each.offset < least.offset ? each : least));
    this.#bins = [];
    this.#width = firstWidth;
    this.#best = best;
    this.#binStart = best.camera;
    this.#origin = best.camera;
    this.#offset = best.offset;
    this.#drift = 0;
    this.#samples += readings.length;
    this.#suspects = [];
  }

  #put(reading: Bin): void {
    const { camera, offset } = reading;
    if (Math.abs(camera - this.#binStart) >= this.#width) {
      if (this.#best) this.#bins.push(this.#best);
      this.#best = reading;
      this.#binStart = camera;
      if (this.#bins.length >= mostBins) this.#widen();
      this.#fit();
      return;
    }
    if (this.#best === undefined || offset < this.#best.offset) this.#best = reading;
    // Until a drift is known, the shortest way so far is the best guess.
    if (this.#bins.length < leastBins && offset < this.#offset) this.#offset = offset;
  }

  #widen(): void {
    const bins: Bin[] = [];
    for (let i = 0; i < this.#bins.length; i += 2) {
      const [one, other] = [this.#bins[i]!, this.#bins[i + 1]];
      bins.push(other && other.offset < one.offset ? other : one);
    }
    this.#bins = bins;
    this.#width *= 2;
  }

  #fit(): void {
    if (this.#bins.length < leastBins) return;
    const first = lineThrough(this.#bins, this.#origin);
    const off = this.#bins.map((bin) => Math.abs(bin.offset - valueAt(first, bin.camera - this.#origin)));
    const usual = [...off].sort((a, b) => a - b)[off.length >> 1]!;
    const near = this.#bins.filter((_, i) => off[i]! <= 3 * usual + 1e-9);
    const line = near.length >= leastBins ? lineThrough(near, this.#origin) : first;
    this.#offset = line.offset;
    this.#drift = line.slope;
  }
}

interface Line {
  readonly offset: number;
  readonly slope: number;
}

function valueAt({ offset, slope }: Line, x: number): number {
  return offset + slope * x;
}

function lineThrough(bins: readonly Bin[], origin: number): Line {
  const x = bins.map(({ camera }) => camera - origin);
  const meanX = x.reduce((sum, each) => sum + each, 0) / bins.length;
  const meanY = bins.reduce((sum, { offset }) => sum + offset, 0) / bins.length;
  let [products, squares] = [0, 0];
  bins.forEach(({ offset }, i) => {
    products += (x[i]! - meanX) * (offset - meanY);
    squares += (x[i]! - meanX) ** 2;
  });
  const slope = squares > 0 ? products / squares : 0;
  return { offset: meanY - slope * meanX, slope };
}
