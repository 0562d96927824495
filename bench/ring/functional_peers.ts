/**
 * The peers that are functions: of a key and the members, or of a key and the number of members.
 *
 * @module
 */
import type { Router } from "./contestant.ts";
import type { JumpHash, RendezvousHash } from "./packages.ts";

/** Package `rendezvous-hash`. It has no state: every call gets all shards. */
export class RendezvousRouter implements Router {
  readonly shards: Record<string, string>;

  constructor(readonly select: RendezvousHash, members: readonly string[]) {
    this.shards = Object.fromEntries(members.map((name) => [name, name]));
  }

  ownerOfKey(key: string): string | undefined {
    return this.select(key, this.shards);
  }

  lookUpKeys(keys: readonly string[], from: number, to: number): number {
    const { select, shards } = this;
    let found = 0;
    for (let at = from; at < to; at++) if (select(keys[at]!, shards) !== undefined) found++;
    return found;
  }

  lookUpIds(from: number, to: number): number {
    const { select, shards } = this;
    let found = 0;
    for (let id = from; id < to; id++) if (select(String(id), shards) !== undefined) found++;
    return found;
  }

  add(name: string): this {
    this.shards[name] = name;
    return this;
  }

  remove(name: string): this {
    delete this.shards[name];
    return this;
  }
}

/**
 * Package `jumphash`. It returns the number of a bucket, and only the last bucket can be removed. If
 * another member leaves, the last one takes its number, which moves the fewest keys.
 */
export class JumpRouter implements Router {
  readonly names: string[];

  constructor(readonly jump: JumpHash, members: readonly string[]) {
    this.names = [...members];
  }

  ownerOfKey(key: string): string | undefined {
    return this.names[this.jump(key, this.names.length)];
  }

  lookUpKeys(keys: readonly string[], from: number, to: number): number {
    const { jump, names } = this;
    let found = 0;
    for (let at = from; at < to; at++) {
      if (names[jump(keys[at]!, names.length)] !== undefined) found++;
    }
    return found;
  }

  lookUpIds(from: number, to: number): number {
    const { jump, names } = this;
    let found = 0;
    for (let id = from; id < to; id++) if (names[jump(id, names.length)] !== undefined) found++;
    return found;
  }

  add(name: string): this {
    this.names.push(name);
    return this;
  }

  remove(name: string): this {
    const at = this.names.indexOf(name);
    const last = this.names.pop();
    if (last !== undefined && at < this.names.length) this.names[at] = last;
    return this;
  }
}
