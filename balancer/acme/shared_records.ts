/**
 * Records in the store that several balancers share. Their private keys are in there: every balancer
 * has to present the certificates.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { systemClock } from "../clock.ts";
import { boundedStore } from "../cluster/bounded.ts";
import { ABSENT, type SharedStore, type SharedStores } from "../cluster/shared_store.ts";
import type { Records } from "./records.ts";

/** Beginning of the names of all values. */
const PREFIX = "acme-";

/** Attempts to save a record while others save it, too. */
const TRIES = 8;

/** Milliseconds for the store to answer. */
const ANSWER_MS = 10_000;

/** Keeps records in a shared store, each in a value of its own. */
export class SharedRecords implements Records {
  readonly #stores: SharedStores;

  constructor(stores: SharedStores) {
    this.#stores = stores;
  }

  async load(name: string): Promise<string | undefined> {
    return (await this.#open(name).load())?.value;
  }

  /** The last writer wins: one that has just got a certificate must not lose it. */
  async save(name: string, text: string): Promise<void> {
    const store = this.#open(name);
    for (let tries = 1; tries <= TRIES; tries++) {
      const epoch = (await store.load())?.epoch ?? ABSENT;
      if ((await store.save(text, epoch)).done) return;
    }
    throw new Error(`${this.placeOf(name)} is being changed by other balancers`);
  }

  #open(name: string): SharedStore {
    return boundedStore(this.#stores.open(valueOf(name)), systemClock, ANSWER_MS);
  }

  /** Leaves the value, which the next save replaces, and keeps a copy. */
  async setAside(name: string): Promise<string> {
    const aside = `${name}.unusable`;
    const text = await this.load(name);
    if (text !== undefined) await this.save(aside, text);
    return this.placeOf(aside);
  }

  placeOf(name: string): string {
    return `value ${valueOf(name)} (${name}) of the shared store`;
  }

  watch(onChange: () => void): () => void {
    return this.#stores.watchAll((name) => {
      if (name.startsWith(PREFIX)) onChange();
    });
  }
}

/** Names of the store have no dots, and no more letters than those of reports of balancers. */
function valueOf(name: string): string {
  return PREFIX + createHash("sha256").update(name).digest("hex").slice(0, 12);
}
