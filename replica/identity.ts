/**
 * Who a replica is: told at its start, or by a heartbeat later.
 *
 * @module
 */
import { isName, NAME_FIELD, serverId } from "./contract.ts";

/** What a replica shows of itself before it has a name. */
const UNNAMED = "unnamed";

/** A replica's name, which never changes once there is one. */
export class Identity {
  #name: string;

  /** @param name the replica's name in the ring, for example `Server3`; empty when it has none yet */
  constructor(name: string) {
    this.#name = name;
  }

  /** The short form of the name, `3` for `Server3`; `unnamed` before there is a name. */
  get shown(): string {
    return this.#name === "" ? UNNAMED : serverId(this.#name);
  }

  /**
   * Takes the name that a heartbeat carries, where there is none yet.
   *
   * @param heartbeat the fields of its request
   */
  learn(heartbeat: Headers): void {
    if (this.#name === "") this.#name = nameIn(heartbeat) ?? "";
  }
}

function nameIn(heartbeat: Headers): string | undefined {
  // Where the balancer leaves Via out, X-Forwarded-For still tells a client's request.
  if (heartbeat.has("Via") || heartbeat.has("X-Forwarded-For")) return undefined;
  const name = heartbeat.get(NAME_FIELD);
  return name !== null && isName(name) ? name : undefined;
}
