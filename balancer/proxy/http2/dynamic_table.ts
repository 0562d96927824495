/**
 * The dynamic table of HPACK (RFC 7541, section 2.3.2).
 *
 * @module
 */

/** An entry of the table. */
interface Sized {
  readonly size: number;
}

/** First in, first out, in a ring of reused memory; bounded by the sizes of its entries. */
export class DynamicTable<T extends Sized> {
  /** Number of entries. */
  count = 0;
  /** Sum of their sizes. */
  size = 0;
  #capacity: number;
  #entries: (T | undefined)[] = new Array(16);
  /** Position of the newest entry. */
  #newest = 0;

  /** @param capacity largest sum of sizes */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Largest sum of sizes. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Changes the capacity; the oldest entries that exceed it are evicted. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#evict(0);
  }

  /** Returns an entry; 0 is the newest. */
  at(index: number): T | undefined {
    if (index >= this.count) return undefined;
    return this.#entries[(this.#newest + index) & (this.#entries.length - 1)];
  }

  /** Adds an entry; one that exceeds the capacity empties the table (RFC 7541, section 4.4). */
  add(entry: T): void {
    this.#evict(entry.size);
    if (entry.size > this.#capacity) return;
    if (this.count === this.#entries.length) this.#grow();
    this.#newest = (this.#newest - 1) & (this.#entries.length - 1);
    this.#entries[this.#newest] = entry;
    this.count++;
    this.size += entry.size;
  }

  /** Makes room. */
  #evict(needed: number): void {
    while (this.count > 0 && this.size + needed > this.#capacity) {
      const oldest = (this.#newest + this.count - 1) & (this.#entries.length - 1);
      this.size -= this.#entries[oldest]!.size;
      this.#entries[oldest] = undefined;
      this.count--;
    }
  }

  #grow(): void {
    const length = this.#entries.length;
    const larger: (T | undefined)[] = new Array(2 * length);
    for (let i = 0; i < length; i++) larger[i] = this.at(i);
    this.#entries = larger;
    this.#newest = 0;
  }
}
