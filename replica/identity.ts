/**
 * The identity of a replica: given at its start, or by a heartbeat later.
 *
 * @module
 */
import { isName, NAME_FIELD, serverId } from "./contract.ts";

/** The short name of an unnamed replica. */
const UNNAMED = "unnamed";

/** A replica's name, which never changes once it is set. */
export class Identity {
  #name: string;

  /** @param name the replica's name in the ring, for example `Server3`; empty if unnamed */
  constructor(name: string) {
    this.#name = name;
  }

  /** The short form of the name, `3` for `Server3`; `unnamed` before the name is set. */
  get shown(): string {
    return this.#name === "" ? UNNAMED : serverId(this.#name);
  }

  /**
   * Takes the name from a heartbeat, if none is set.
   *
   * @param heartbeat the header fields of the heartbeat request
   */
  learn(heartbeat: Headers): void {
    if (this.#name === "") this.#name = nameIn(heartbeat) ?? "";
  }
}

function nameIn(heartbeat: Headers): string | undefined {
  // With `LB_VIA=false` X-Forwarded-For still marks a client's request.
  if (heartbeat.has("Via") || heartbeat.has("X-Forwarded-For")) return undefined;
  const name = heartbeat.get(NAME_FIELD);
  return name !== null && isName(name) ? name : undefined;
}
