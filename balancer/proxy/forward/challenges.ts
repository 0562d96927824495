/**
 * Responses to HTTP-01 challenges, by which an authority checks that a host name leads to this
 * balancer.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { latin1 } from "../http1/latin1.ts";
import type { RequestHead } from "../http1/request_head.ts";
import type { Refusal } from "../errors/refusal.ts";
import type { ChallengeAnswers } from "../settings.ts";

/** RFC 8555, section 8.3. */
export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** The challenges of pending orders, as one worker answers them. */
export class Challenges {
  #answers: ChallengeAnswers = new Map();

  /** Whether any challenge is pending; false nearly always. */
  get pending(): boolean {
    return this.#answers.size > 0;
  }

  /** Answers these challenges from now on, and no others. */
  set(answers: ChallengeAnswers): void {
    this.#answers = answers;
  }

  /**
   * Returns the response to a challenge; undefined for any other request.
   *
   * @param bytes the bytes that hold the request's head
   * @param head the head
   */
  find(bytes: Uint8Array, { method, targetStart, pathEnd }: RequestHead): Refusal | undefined {
    if (method !== "GET" && method !== "HEAD") return undefined;
    const path = latin1(bytes, targetStart, pathEnd);
    if (!path.startsWith(CHALLENGE_PATH)) return undefined;
    const answer = this.#answers.get(path.slice(CHALLENGE_PATH.length));
    return answer === undefined ? undefined : {
      reason: "challenge",
      status: STATUS_CODE.OK,
      message: "the response to a challenge of a certificate authority",
      content: { type: "application/octet-stream", bytes: new TextEncoder().encode(answer) },
    };
  }
}
