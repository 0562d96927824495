/**
 * The steps of an order (RFC 8555, section 7.4), with the package acme-client for signatures, nonces
 * and the certificate request. Runs in a worker.
 *
 * @module
 */
import { axios, Client, crypto as acmeCrypto } from "acme-client";
import type { Authorization, Order } from "acme-client";
import { errorMessage } from "../failures.ts";
import { authorityHttp } from "./authority_http.ts";
import { OrderError, problemText, refusalOf, retryAfterOf } from "./order_fault.ts";
import type { OrderEvent, OrderRequest } from "./order_messages.ts";

/** Reports an event; resolves when the order may go on. */
type Report = (event: OrderEvent) => Promise<void>;

/** Shortest and longest time between two looks at a state, in milliseconds. */
const LOOK_MS = { first: 250, longest: 60_000 };

/** States in which the authority still works (RFC 8555, section 7.1.6). */
const UNDECIDED = ["pending", "processing"];

/** The last answer: the package's errors hold neither its status nor its fields. */
let last: { status: number; headers: Record<string, unknown>; data: unknown } | undefined;

/**
 * Obtains a certificate.
 *
 * @param request the order
 * @param report reports events
 * @returns the certificate and its chain, in PEM
 * @throws {OrderError} the authority refused, or did not answer
 */
export async function obtain(request: OrderRequest, report: Report): Promise<string> {
  prepare(request);
  try {
    return await obtainBy(await openAccount(request, report), request, report);
  } catch (error) {
    if (request.accountUrl === null || !isAccountUnknown(error)) throw error;
    // The authority has lost the account, or its key is new there.
    const unknown = { ...request, accountUrl: null, url: null };
    return await obtainBy(await openAccount(unknown, report), unknown, report);
  }
}

async function obtainBy(client: Client, request: OrderRequest, report: Report): Promise<string> {
  const order = await resumed(client, request) ?? await placed(client, request, report);
  if (order.status === "pending") await prove(client, order, request.host, report);
  const ready = await settled(() => client.getOrder(order), report);
  requireValid(ready, request.host);
  if (ready.status === "ready") await finalize(client, ready, request);
  const issued = await settled(() => client.getOrder(order), report);
  requireValid(issued, request.host);
  return await asked(() => client.getCertificate(issued));
}

/** The package's own retries sleep without a deadline, and hide errors of the connection. */
function prepare({ ca }: OrderRequest): void {
  axios.interceptors.request.clear();
  axios.interceptors.response.clear();
  axios.interceptors.response.use((response) => {
    last = { status: response.status, headers: { ...response.headers }, data: response.data };
    return response;
  });
  axios.defaults.adapter = authorityHttp(ca);
}

/** A client of the account, which is registered if it is new, and has the present mail address. */
async function openAccount(request: OrderRequest, report: Report): Promise<Client> {
  const { directory, accountKey, accountUrl, email } = request;
  const client = new Client({
    ...{ directoryUrl: directory, accountKey },
    ...(accountUrl !== null && { accountUrl }),
  });
  if (accountUrl !== null && request.accountEmail === email) return client;
  if (accountUrl === null) await asked(() => register(client, email));
  else await asked(() => client.updateAccount({ contact: contactOf(email) }));
  const terms = await asked(() => client.getTermsOfServiceUrl());
  await report({ type: "account", url: client.getAccountUrl(), terms: terms || null });
  return client;
}

/**
 * RFC 8555, section 7.3.1: for a known key the authority answers with the account that exists. The
 * package then updates that one, which authorities may refuse, since nothing changes.
 */
async function register(client: Client, email: string): Promise<void> {
  const contact = contactOf(email);
  try {
    await client.createAccount({
      termsOfServiceAgreed: true,
      ...(contact.length > 0 && { contact }),
    });
  } catch (error) {
    if (!isRegistered(client)) throw error;
  }
}

function isRegistered(client: Client): boolean {
  try {
    return client.getAccountUrl() !== "";
  } catch {
    // The package throws where there is none.
    return false;
  }
}

function contactOf(email: string): string[] {
  return email === "" ? [] : [`mailto:${email}`];
}

/** RFC 8555, section 6.7. */
function isAccountUnknown(error: unknown): boolean {
  return error instanceof OrderError && error.message.endsWith("(accountDoesNotExist)");
}

/** @returns the order of an earlier attempt, if it can still lead to a certificate */
async function resumed(client: Client, { url }: OrderRequest): Promise<Order | undefined> {
  if (url === null) return undefined;
  try {
    const order = await asked(() => client.getOrder({ url } as Order));
    return order.status === "invalid" ? undefined : order;
  } catch (error) {
    // The authority does not know it any more.
    if (error instanceof OrderError && error.kind === "refused") return undefined;
    throw error;
  }
}

async function placed(client: Client, { host }: OrderRequest, report: Report): Promise<Order> {
  const order = await asked(() =>
    client.createOrder({ identifiers: [{ type: "dns", value: host }] })
  );
  await report({ type: "order", url: order.url });
  return order;
}

async function prove(client: Client, order: Order, host: string, report: Report): Promise<void> {
  for (const authorization of await asked(() => client.getAuthorizations(order))) {
    if (authorization.status === "pending") await answer(client, authorization, host, report);
    const [decided] = await settledAll(client, order, authorization.url, report);
    if (decided?.status !== "valid") {
      throw new OrderError(`the authority could not verify ${host}: ${reasonOf(decided)}`);
    }
  }
}

async function answer(
  client: Client,
  authorization: Authorization,
  host: string,
  report: Report,
): Promise<void> {
  const challenge = authorization.challenges.find(({ type }) => type === "http-01");
  if (!challenge) {
    const offered = authorization.challenges.map(({ type }) => type).join(", ");
    throw new OrderError(`the authority offers no HTTP-01 challenge for ${host}; got ${offered}`);
  }
  // It may be under way since an earlier attempt, and still needs its response.
  const keyAuthorization = await client.getChallengeKeyAuthorization(challenge);
  await report({ type: "challenge", token: challenge.token, answer: keyAuthorization });
  if (challenge.status === "pending") await asked(() => client.completeChallenge(challenge));
}

/** The authorization once it is decided. */
function settledAll(
  client: Client,
  order: Order,
  url: string,
  report: Report,
): Promise<Authorization[]> {
  const one = { ...order, authorizations: [url] };
  return until(
    () => client.getAuthorizations(one),
    (found) => found.every(({ status }) => !UNDECIDED.includes(status)),
    report,
  );
}

/** RFC 8555, section 8: the problem is the challenge's. */
function reasonOf(authorization: Authorization | undefined): string {
  const failed = authorization?.challenges.find((challenge) => "error" in challenge);
  return failed && "error" in failed ? problemText(failed.error) : `it is ${authorization?.status}`;
}

/** An order that waits for nothing but us, or is decided. */
function settled(read: () => Promise<Order>, report: Report): Promise<Order> {
  return until(read, ({ status }) => !UNDECIDED.includes(status), report);
}

/** Looks again and again, as often as the authority wants; the main thread has the deadline. */
async function until<T>(
  read: () => Promise<T>,
  done: (found: T) => boolean,
  report: Report,
): Promise<T> {
  for (let delay = LOOK_MS.first;; delay = Math.min(delay * 2, LOOK_MS.longest)) {
    const found = await asked(read);
    if (done(found)) return found;
    const wanted = retryAfterOf(last?.headers["retry-after"], Date.now());
    await pause(Math.min(Math.max(wanted, delay), LOOK_MS.longest));
    await report({ type: "step", step: "waiting for the authority" });
  }
}

function requireValid({ status, ...order }: Order, host: string): void {
  if (status !== "invalid") return;
  const reason = "error" in order ? problemText(order.error) : "it did not say why";
  throw new OrderError(`the authority refused the order for ${host}: ${reason}`);
}

async function finalize(client: Client, order: Order, { host, key }: OrderRequest): Promise<void> {
  const [, csr] = await acmeCrypto.createCsr({ altNames: [host] }, key);
  await asked(() => client.finalizeOrder(order, csr));
}

/** Calls the authority. @throws {OrderError} it refused, or did not answer */
async function asked<T>(call: () => Promise<T>): Promise<T> {
  last = undefined;
  try {
    return await call();
  } catch (error) {
    const answer = lastAnswer();
    if (answer && answer.status >= 400) throw refusalOf(answer, Date.now());
    const what = answer
      ? "the authority's answer cannot be used"
      : "the authority cannot be reached";
    throw new OrderError(`${what}: ${reasonsOf(error)}`, {
      kind: "unreachable",
      resumable: true,
    });
  }
}

/** The message, and those of its causes: fetch names the reason there. */
function reasonsOf(error: unknown): string {
  const reasons: string[] = [];
  for (let one = error; one !== undefined && reasons.length < MOST_CAUSES;) {
    reasons.push(errorMessage(one));
    one = one instanceof Error ? one.cause : undefined;
  }
  return reasons.join(": ");
}

const MOST_CAUSES = 3;

/** Calls of the package set it, which the compiler does not see. */
function lastAnswer(): typeof last {
  return last;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
