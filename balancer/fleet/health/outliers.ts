/**
 * Outlier detection: finds replicas that answer, but with more errors or later than the others. As
 * in Envoy's outlier detection, but each replica is compared with its peers, so that a fault of the
 * whole fleet (its database, its load) makes no replica an outlier.
 *
 * @module
 */
import { type Sample, SLOW_RESPONSE_MS } from "../../view.ts";

/** Samples count for this time, in milliseconds. */
const WINDOW_MS = 10_000;

/** Minimum number of responses of an instance that is compared. */
const MIN_RESPONSES = 20;

/** An instance is an outlier if its share of errors is at least this... */
const BAD_ERRORS = 0.5;

/** ...and the median of its peers is at most this. */
const GOOD_ERRORS = 0.1;

/** An instance is an outlier if its responses begin this many times later than its peers'... */
const SLOW_FACTOR = 5;

/** ...and take at least this long to begin, in milliseconds. */
const SLOW_MS = SLOW_RESPONSE_MS;

/**
 * Minimum number of keys with bad responses that one worker must have seen within a second. A
 * client that repeats one bad request has one key, which always goes to the same replica.
 */
const MIN_BAD_KEYS = 5;

/** An instance that performs worse than its peers. */
interface Outlier {
  readonly instance: string;
  readonly reason: string;
}

/** The responses of an instance within the window. */
interface Conduct {
  readonly instance: string;
  readonly errors: number;
  readonly firstByteMs: number;
  /** Largest number of keys with bad responses in one sample. */
  readonly badKeys: number;
}

/** Collects samples and compares instances. */
export class Outliers {
  #samples: (Sample & { readonly at: number })[] = [];

  /**
   * Adds samples.
   *
   * @param samples counts of one worker since its last report
   * @param now instant of the fleet's clock, in milliseconds
   */
  add(samples: readonly Sample[], now: number): void {
    this.#samples = this.#samples.filter(({ at }) => now - at < WINDOW_MS);
    this.#samples.push(...samples.map((sample) => ({ ...sample, at: now })));
  }

  /**
   * Returns the outliers.
   *
   * @param instances ids of the ready instances
   */
  find(instances: readonly string[]): Outlier[] {
    const samples = Map.groupBy(this.#samples, ({ instance }) => instance);
    const conducts = instances.flatMap((one) => conductOf(one, samples.get(one) ?? []) ?? []);
    // Few instances have enough bad keys, and only those are compared with all others.
    return conducts.filter(({ badKeys }) => badKeys >= MIN_BAD_KEYS).flatMap((one) => {
      const reason = compare(one, conducts.filter((other) => other !== one));
      return reason === undefined ? [] : [{ instance: one.instance, reason }];
    });
  }
}

function conductOf(instance: string, samples: readonly Sample[]): Conduct | undefined {
  let [responses, errors, firstByteMs, badKeys] = [0, 0, 0, 0];
  for (const sample of samples) {
    responses += sample.responses;
    errors += sample.errors;
    firstByteMs += sample.firstByteMs;
    badKeys = Math.max(badKeys, sample.badKeys);
  }
  if (responses < MIN_RESPONSES) return undefined;
  return { instance, errors: errors / responses, firstByteMs: firstByteMs / responses, badKeys };
}

/** Returns why an instance is an outlier; undefined if it is none, or has no peers. */
function compare(one: Conduct, peers: readonly Conduct[]): string | undefined {
  if (peers.length === 0) return undefined;
  const errors = median(peers.map((peer) => peer.errors));
  if (one.errors >= BAD_ERRORS && errors <= GOOD_ERRORS) {
    return `outlier: ${percent(one.errors)} of its responses are 5xx, ${percent(errors)} elsewhere`;
  }
  const usual = median(peers.map((peer) => peer.firstByteMs));
  if (one.firstByteMs >= SLOW_MS && one.firstByteMs >= SLOW_FACTOR * usual) {
    return `outlier: ${Math.round(one.firstByteMs)} ms to a first byte, ${
      Math.round(usual)
    } elsewhere`;
  }
  return undefined;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
