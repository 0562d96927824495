/**
 * A ring buffer of samples: one column of 32-bit floats for each series, in memory of a fixed size.
 *
 * @module
 */

/** Bytes of one sample's date. */
const DATE_BYTES = Float64Array.BYTES_PER_ELEMENT;
/** Bytes of one value. */
const VALUE_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Keeps the last samples. */
export class SampleRing {
  readonly #dates: Float64Array;
  readonly #columns: readonly Float32Array[];
  readonly #capacity: number;
  /** Number of samples so far; the next one is stored at its remainder. */
  #count = 0;

  /**
   * @param capacity number of samples that are kept
   * @param width number of series
   */
  constructor(capacity: number, width: number) {
    this.#capacity = capacity;
    this.#dates = new Float64Array(capacity);
    this.#columns = Array.from({ length: width }, () => new Float32Array(capacity));
  }

  /** Its memory in bytes, which never changes. */
  get bytes(): number {
    return this.#capacity * (DATE_BYTES + VALUE_BYTES * this.#columns.length);
  }

  /**
   * Stores a sample in place of the oldest one.
   *
   * @param date milliseconds since the epoch
   * @param values one value for each series; NaN for an unknown one
   */
  push(date: number, values: Float64Array): void {
    const place = this.#count++ % this.#capacity;
    this.#dates[place] = date;
    for (let series = 0; series < this.#columns.length; series++) {
      this.#columns[series]![place] = values[series]!;
    }
  }

  /**
   * The samples after a date, the oldest first.
   *
   * @param date milliseconds since the epoch
   */
  since(date: number): {
    readonly dates: readonly number[];
    /** The values of a series, of the same samples. */
    readonly column: (series: number) => readonly number[];
  } {
    const places = this.#placesSince(date);
    return {
      dates: places.map((place) => this.#dates[place]!),
      column: (series) => places.map((place) => this.#columns[series]![place]!),
    };
  }

  #placesSince(date: number): number[] {
    const places: number[] = [];
    for (let at = Math.max(0, this.#count - this.#capacity); at < this.#count; at++) {
      const place = at % this.#capacity;
      if (this.#dates[place]! > date) places.push(place);
    }
    return places;
  }
}
