/**
 * Replicas that answer, but worse than the others: by their share of errors, or by the time that
 * they take. The idea is Envoy's outlier detection; here each is compared with its peers, so that
 * what ails the whole fleet (its database, its load) makes an outlier of nobody.
 *
 * @module
 */
import { type Sample, SLOW_RESPONSE_MS } from "../../view.ts";

/** What happened within this time counts, in milliseconds. */
const WINDOW_MS = 10_000;

/** So many responses are needed to say anything about an instance. */
const MIN_RESPONSES = 20;

/** A share of errors from this on is bad... */
const BAD_ERRORS = 0.5;

/** ...where that of the peers is no more than this. */
const GOOD_ERRORS = 0.1;

/** So many times the time that its peers take to begin a response is slow... */
const SLOW_FACTOR = 5;

/** ...where it is no less than this, in milliseconds. */
const SLOW_MS = SLOW_RESPONSE_MS;

/**
 * One worker must have seen bad responses to this many keys within a second. A client that repeats
 * one bad request has one key, which always goes to the same replica: its errors are its own.
 */
const MIN_BAD_KEYS = 5;

/** An instance that does worse than its peers. */
export interface Outlier {
  readonly instance: string;
  readonly reason: string;
}

/** What an instance did within the window. */
interface Conduct {
  readonly instance: string;
  readonly errors: number;
  readonly firstByteMs: number;
  /** The most keys of bad responses in one sample. */
  readonly badKeys: number;
}

/** Collects samples and compares instances. */
export class Outliers {
  #samples: (Sample & { readonly at: number })[] = [];

  /**
   * Takes samples in.
   *
   * @param samples what a worker counted since the last time
   * @param now the present instant
   */
  add(samples: readonly Sample[], now: number): void {
    this.#samples = this.#samples.filter(({ at }) => now - at < WINDOW_MS);
    this.#samples.push(...samples.map((sample) => ({ ...sample, at: now })));
  }

  /**
   * Who does worse than the others.
   *
   * @param instances those that are ready
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

/** Why one is an outlier among its peers; undefined where it is none, or has none. */
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
