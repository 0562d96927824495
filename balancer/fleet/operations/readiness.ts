/**
 * Replicas that were asked for and are not in the ring yet: whether they are ready, or never will
 * be. Pure.
 *
 * @module
 */
import { describeError, isOutputCollected, type Member } from "../member/member.ts";
import { ChangeError } from "../spec/change_error.ts";

/** A new replica that died so many times before it was ready is given up. */
const GIVE_UP_AFTER_LIVES = 3;

/**
 * Whether all of them are ready.
 *
 * @param names the new replicas
 * @param members every replica, by name
 * @throws {ChangeError} waiting for one of them would be in vain
 */
export function allReady(names: readonly string[], members: ReadonlyMap<string, Member>): boolean {
  const states = names.map((name) => members.get(name));
  for (const member of states) if (member) checkHopeful(member);
  return states.every((member) => member?.phase === "ready");
}

function checkHopeful(member: Member): void {
  const { name, shortLives, lastError } = member;
  if (!lastError) return;
  if (lastError.kind === "name-taken") throw new ChangeError("taken", lastError.message);
  const hopeless = lastError.kind || lastError.gaveUp || shortLives >= GIVE_UP_AFTER_LIVES;
  if (hopeless && isOutputCollected(member)) {
    const message = `${name} did not become ready: ${describeError(lastError)}`;
    throw new ChangeError("not-ready", message);
  }
}
