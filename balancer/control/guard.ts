/**
 * Who may change the fleet: a pure decision about one request.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { STATUS_CODE } from "@std/http/status";

/** How mutating calls are guarded. */
export interface GuardPolicy {
  /** Bearer token; empty where none is set. */
  readonly token: string;
  /** True where anyone who reaches the port may change the fleet. */
  readonly open: boolean;
  /** True where only this machine reaches the port. */
  readonly loopback: boolean;
}

/** Why a request was refused. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

/**
 * Decides whether a request may change the fleet.
 *
 * @param headers the request's header fields
 * @param policy how calls are guarded
 * @returns the refusal, `undefined` when it may
 */
export function refuse(headers: Headers, policy: GuardPolicy): Refusal | undefined {
  if (isCrossSite(headers)) {
    return {
      status: STATUS_CODE.Forbidden,
      message: "a page of another site may not change the fleet",
    };
  }
  if (policy.open || (policy.loopback && policy.token === "")) return undefined;
  if (policy.token === "") {
    return {
      status: STATUS_CODE.Forbidden,
      message: "the balancer does not listen on loopback alone; set LB_ADMIN_TOKEN and send it, " +
        "or set LB_ADMIN_OPEN=true",
    };
  }
  const given = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (given === undefined) {
    const message = "this call wants the header Authorization: Bearer <LB_ADMIN_TOKEN>";
    return { status: STATUS_CODE.Unauthorized, message };
  }
  if (!equalInConstantTime(given, policy.token)) {
    return { status: STATUS_CODE.Unauthorized, message: "the bearer token is not LB_ADMIN_TOKEN" };
  }
  return undefined;
}

/**
 * Whether a browser sent this from a page of another origin. Browsers state it themselves
 * (Fetch Metadata; the Origin field of RFC 6454); other clients send neither field.
 */
function isCrossSite(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = headers.get("origin");
  if (origin === null) return false;
  const host = URL.parse(origin)?.host;
  // A name that some site made point here (DNS rebinding) is the same origin to the browser; only
  // names that no stranger can own are believed.
  return host === undefined || host !== headers.get("host") || !isOwnName(host);
}

function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name.endsWith(".localhost") || name.startsWith("[") ||
    /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

/** Digests are of one length whatever was sent, which is what the comparison asks for. */
function equalInConstantTime(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/**
 * Whether only this machine can reach an address.
 *
 * @param host what the public port listens on
 */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
