/**
 * Requests that the balancer answers itself: TRACE, requests whose Max-Forwards is 0, challenges of a
 * certificate authority, and those that are redirected to HTTPS.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { RequestHead } from "../http1/request_head.ts";
import { latin1 } from "../http1/latin1.ts";
import type { Client } from "../request/client.ts";
import { isSecure } from "../request/scheme.ts";
import type { Refusal } from "../errors/refusal.ts";
import { CHALLENGE_PATH, type Challenges } from "./challenges.ts";

/** RFC 9110, section 15.5.6, requires a list of methods; replicas may support more. */
const ALLOW = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

const NO_BYTES = new Uint8Array(0);

const NOT_TRACED: Refusal = {
  reason: "method",
  status: STATUS_CODE.MethodNotAllowed,
  message: "TRACE is not forwarded; set LB_TRACE=true to have it forwarded",
  fields: [ALLOW],
};

const OPTIONS: Refusal = {
  reason: "max-forwards",
  status: STATUS_CODE.OK,
  message: "OPTIONS with Max-Forwards: 0",
  fields: [ALLOW],
  content: { type: undefined, bytes: NO_BYTES },
};

/** RFC 9110, section 9.3.8: fields that must not be shown to a script that sends TRACE. */
const SECRET = /^(?:authorization|cookie|proxy-authorization)$/i;

/** Finds the requests that the balancer answers itself. */
export class OwnAnswers {
  readonly #challenges: Challenges;

  /**
   * @param trace whether TRACE is forwarded
   * @param challenges the pending challenges
   */
  constructor(public trace: boolean, challenges: Challenges) {
    this.#challenges = challenges;
  }

  /**
   * Returns the balancer's own answer; undefined if the request goes to a replica.
   *
   * @param client the client; its connection's bytes hold the head
   * @param head the request's head
   */
  find(client: Client, head: RequestHead): Refusal | undefined {
    if (this.#challenges.pending) {
      const answer = this.#challenges.find(client.transport.bytes, head);
      if (answer) return answer;
    }
    const { method, maxForwards } = head;
    if (method === "TRACE" && !this.trace) return NOT_TRACED;
    if (maxForwards !== 0) return undefined;
    return method === "OPTIONS" ? OPTIONS : traced(head, client.transport.bytes);
  }
}

/** Answers requests without TLS with the same address on the port that speaks TLS. */
export class RedirectingAnswers extends OwnAnswers {
  readonly #port: string;

  /**
   * @param trace whether TRACE is forwarded
   * @param challenges the pending challenges
   * @param port the port that clients use for HTTPS
   */
  constructor(trace: boolean, challenges: Challenges, port: number) {
    super(trace, challenges);
    this.#port = port === DEFAULT_PORT ? "" : `:${port}`;
  }

  override find(client: Client, head: RequestHead): Refusal | undefined {
    if (!isSecure(client, head)) {
      const answer = this.#redirect(client.transport.bytes, head);
      if (answer) return answer;
    }
    return super.find(client, head);
  }

  /** @returns undefined for a challenge of a certificate authority, which comes without TLS */
  #redirect(bytes: Uint8Array, head: RequestHead): Refusal | undefined {
    const path = latin1(bytes, head.targetStart, head.targetEnd);
    if (path.startsWith(CHALLENGE_PATH)) return undefined;
    const host = latin1(bytes, head.hostStart, head.hostEnd).replace(PORT, "");
    if (host === "") return NO_HOST;
    return {
      reason: "redirect",
      status: STATUS_CODE.PermanentRedirect,
      message: "this service is used by HTTPS",
      fields: [`Location: https://${host}${this.#port}${path.startsWith("/") ? path : "/"}`],
      content: { type: undefined, bytes: NO_BYTES },
    };
  }
}

/** The port of HTTPS, which addresses need not name. */
const DEFAULT_PORT = 443;

/** The port behind a host. */
const PORT = /:\d*$/;

const NO_HOST: Refusal = {
  reason: "redirect",
  status: STATUS_CODE.BadRequest,
  message: "this service is used by HTTPS, and the request names no host to redirect to",
};

/** RFC 9110, section 9.3.8: the request as it was received. */
function traced(head: RequestHead, bytes: Uint8Array): Refusal {
  const { fields } = head;
  const first = fields.count > 0 ? fields.lineStart(0) : head.end - 2;
  let text = latin1(bytes, head.start, first);
  for (let i = 0; i < fields.count; i++) {
    if (SECRET.test(latin1(bytes, fields.lineStart(i), fields.nameEnd(i)))) continue;
    text += latin1(bytes, fields.lineStart(i), fields.lineEnd(i));
  }
  const content = Uint8Array.from(`${text}\r\n`, (letter) => letter.charCodeAt(0));
  return {
    reason: "max-forwards",
    status: STATUS_CODE.OK,
    message: "TRACE with Max-Forwards: 0",
    content: { type: "message/http", bytes: content },
  };
}
