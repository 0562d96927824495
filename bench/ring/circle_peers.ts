/**
 * The peers that keep a circle of points.
 *
 * @module
 */
import type { Router } from "./contestant.ts";
import type { ConsistentHash, HashRing, NodeHashRing } from "./packages.ts";

/** Package `hashring`. */
export class KetamaRouter implements Router {
  constructor(readonly ring: InstanceType<HashRing>) {}

  ownerOfKey(key: string): string | undefined {
    return this.ring.get(key);
  }

  lookUpKeys(keys: readonly string[], from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let at = from; at < to; at++) if (ring.get(keys[at]!) !== undefined) found++;
    return found;
  }

  lookUpIds(from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let id = from; id < to; id++) if (ring.get(id) !== undefined) found++;
    return found;
  }

  add(name: string): this {
    this.ring.add(name);
    return this;
  }

  remove(name: string): this {
    this.ring.remove(name);
    return this;
  }
}

/** Package `consistent-hash`. */
export class RandomRouter implements Router {
  constructor(readonly ring: InstanceType<ConsistentHash>, members: readonly string[]) {
    for (const name of members) ring.add(name);
  }

  ownerOfKey(key: string): string | null {
    return this.ring.get(key);
  }

  lookUpKeys(keys: readonly string[], from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let at = from; at < to; at++) if (ring.get(keys[at]!) !== null) found++;
    return found;
  }

  lookUpIds(from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let id = from; id < to; id++) if (ring.get(id) !== null) found++;
    return found;
  }

  add(name: string): this {
    this.ring.add(name);
    return this;
  }

  remove(name: string): this {
    this.ring.remove(name);
    return this;
  }
}

/** Package `node-hashring`. */
export class MurmurRouter implements Router {
  constructor(readonly ring: InstanceType<NodeHashRing>) {}

  ownerOfKey(key: string): string | undefined {
    return this.ring.findNode(key);
  }

  lookUpKeys(keys: readonly string[], from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let at = from; at < to; at++) if (ring.findNode(keys[at]!) !== undefined) found++;
    return found;
  }

  lookUpIds(from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let id = from; id < to; id++) if (ring.findNode(String(id)) !== undefined) found++;
    return found;
  }

  add(name: string): this {
    this.ring.addNode(name);
    return this;
  }

  remove(name: string): this {
    this.ring.removeNode(name);
    return this;
  }
}
