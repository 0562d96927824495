/**
 * Decides whether new replicas are ready, or will not become ready. Pure.
 *
 * @module
 */
import { describeError, isLeaving, isOutputCollected, type Member } from "../member/member.ts";
import { isSettled } from "../member/takeover.ts";
import { successorName } from "../reconcile/rollout.ts";
import { ChangeError } from "../spec/change_error.ts";

/** A new replica is given up after this number of lives in which it never became ready. */
const GIVE_UP_AFTER_LIVES = 3;

/**
 * Reports whether all new replicas are ready.
 *
 * @param names the new replicas
 * @param members every member by name
 * @throws {ChangeError} `taken` or `not-ready`: one of them will not become ready
 */
export function allReady(names: readonly string[], members: ReadonlyMap<string, Member>): boolean {
  const states = names.map((name) => members.get(name));
  for (const member of states) if (member) checkHopeful(member);
  return states.every((member) => member?.phase === "ready");
}

/** Reports whether a removed replica has drained and is gone; another one may have its name by now. */
export function isGone(name: string, members: ReadonlyMap<string, Member>): boolean {
  const member = members.get(name);
  return member === undefined || !isLeaving(member);
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

/** A new instance did not become ready, or did not stay ready. */
class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

/** Throws if the successor failed once, since waiting for it longer is in vain. */
export function isSuccessorReady(members: ReadonlyMap<string, Member>, name: string): boolean {
  const [target, successor] = [members.get(name), members.get(successorName(name))];
  const error = successor?.lastError;
  if (!successor) throw new NotReadyError(`${name}: its new instance was taken away`);
  if (error && isOutputCollected(successor)) {
    throw new NotReadyError(`${name} did not become ready: ${describeError(error)}`);
  }
  return successor.phase === "ready" && target !== undefined && isSettled(target);
}

/** Throws if the new instance of a replica failed, once its exit has been collected. */
export function checkSteady(
  name: string,
  id: string | undefined,
  member: Member | undefined,
  minReadyMs: number,
): void {
  if (!member) throw new NotReadyError(`${name}: it was removed`);
  if (id !== undefined && member.instance?.id === id && member.phase === "ready") return;
  if (!isOutputCollected(member)) return;
  const why = member.lastError ? describeError(member.lastError) : "it was replaced";
  throw new NotReadyError(`${name} did not stay ready for ${minReadyMs} ms: ${why}`);
}
