import { assertEquals } from "@std/assert";
import type { Verdict } from "./authorize.ts";
import { isLoopback } from "./host.ts";
import type { Scope } from "./scope.ts";
import { guardOf, type Rules } from "../testing.ts";

/** A policy and an identity for each place that calls come from. */
type Place = Rules & {
  readonly local?: boolean;
  readonly shared?: boolean;
  readonly peer?: string;
};

const OPEN: Place = { open: "fleet" };
const LOCAL: Place = { local: true };
const TOKEN: Place = { admin: "s3cret" };
const READ: Place = { read: "r3ad" };
const BOTH: Place = { ...TOKEN, ...READ };
const CLOSED: Place = {};

const CALLER = { address: "192.0.2.1", peer: "192.0.2.1", local: false, shared: false };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function judge(
  headers: Record<string, string>,
  rules: Place,
  scope: Scope = "admin",
): Promise<Verdict> {
  const { local = false, shared = false, peer = CALLER.peer } = rules;
  const caller = { ...CALLER, local, shared, peer };
  return guardOf(rules).judge(new Headers(headers), scope, caller, 0);
}

async function status(...asked: Parameters<typeof judge>): Promise<number | undefined> {
  return (await judge(...asked)).refusal?.status;
}

Deno.test("any client may change the fleet on loopback, or where the balancer is open", async () => {
  assertEquals(await status({}, LOCAL), undefined);
  assertEquals(await status({}, OPEN), undefined);
});

Deno.test("elsewhere a token is required: 401 without one or with a wrong one, 403 if none is set", async () => {
  assertEquals(await status({}, TOKEN), 401);
  assertEquals(await status({ authorization: "Basic czNjcmV0" }, TOKEN), 401);
  assertEquals(await status(bearer("s3creT"), TOKEN), 401);
  assertEquals(await status(bearer("s3cret2"), TOKEN), 401);
  assertEquals(await status(bearer("s3cret"), TOKEN), undefined);
  assertEquals(await status({ authorization: "bearer  s3cret" }, TOKEN), undefined);
  assertEquals(await status({}, CLOSED), 403);
  assertEquals(await status(bearer("any"), CLOSED), 403);
});

Deno.test("a configured token is required on loopback too", async () => {
  assertEquals(await status({}, { ...TOKEN, local: true }), 401);
});

Deno.test("any client may read, unless a read token is set", async () => {
  for (const rules of [OPEN, LOCAL, TOKEN, CLOSED]) {
    assertEquals(await status({}, rules, "read"), undefined);
  }
  for (
    const rules of [READ, BOTH, { ...READ, local: true }, { ...READ, open: "everything" } as const]
  ) {
    assertEquals(await status({}, rules, "read"), 401);
    assertEquals(await status(bearer("other"), rules, "read"), 401);
    assertEquals(await status(bearer("r3ad"), rules, "read"), undefined);
    assertEquals(await status({}, rules, "public"), undefined);
  }
  assertEquals(await status(bearer("s3cret"), BOTH, "read"), undefined);
});

Deno.test("a client with the read token may not change anything, and the answer names the missing scope", async () => {
  const { credential, refusal } = await judge(bearer("r3ad"), BOTH);
  assertEquals([credential, refusal?.reason, refusal?.status], ["read-token", "scope", 403]);
  assertEquals(
    refusal?.message,
    "LB_READ_TOKEN has the scope read; this call wants the scope admin: LB_ADMIN_TOKEN",
  );
  assertEquals(
    refusal?.challenge,
    'Bearer realm="ringkeeper", scope="admin", error="insufficient_scope"',
  );
});

Deno.test("a challenge names an error only if a token was sent", async () => {
  const none = await judge({}, BOTH, "read");
  assertEquals(none.refusal?.challenge, 'Bearer realm="ringkeeper", scope="read"');
  const wrong = await judge(bearer("x"), BOTH, "read");
  assertEquals(
    wrong.refusal?.challenge,
    'Bearer realm="ringkeeper", scope="read", error="invalid_token"',
  );
});

Deno.test("the verdict says which token was sent", async () => {
  assertEquals((await judge(bearer("s3cret"), BOTH)).credential, "admin-token");
  assertEquals((await judge(bearer("r3ad"), BOTH, "read")).credential, "read-token");
  assertEquals((await judge({}, LOCAL)).credential, "none");
});

Deno.test("a page of another site is refused however open the balancer is", async () => {
  for (const rules of [OPEN, LOCAL, TOKEN]) {
    const token = bearer("s3cret");
    assertEquals(await status({ "sec-fetch-site": "cross-site", ...token }, rules), 403);
    assertEquals(await status({ "sec-fetch-site": "same-site", ...token }, rules), 403);
    const foreign = { origin: "https://evil.example", host: "localhost:5000", ...token };
    assertEquals(await status(foreign, rules), 403);
    assertEquals(await status({ ...foreign, origin: "null" }, rules), 403);
  }
});

Deno.test("a page of another site may not read either, but may link to readable calls", async () => {
  const from = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  assertEquals(await status(from, LOCAL, "read"), 403);
  assertEquals(await status({ ...from, "sec-fetch-mode": "navigate" }, LOCAL, "read"), undefined);
  assertEquals(await status({ ...from, "sec-fetch-mode": "navigate" }, LOCAL), 403);
  assertEquals(await status(from, LOCAL, "public"), undefined);
});

Deno.test("the balancer's own page may call the API, under names that only this machine has", async () => {
  for (const host of ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"]) {
    const own = { origin: `http://${host}`, host, "sec-fetch-site": "same-origin" };
    assertEquals(await status(own, LOCAL), undefined);
  }
});

Deno.test("a foreign name that resolves to this machine is refused where no token is required", async () => {
  const rebound = { origin: "http://evil.example:5000", host: "evil.example:5000" };
  for (const rules of [LOCAL, OPEN]) {
    assertEquals(await status(rebound, rules), 403);
    assertEquals(await status({ ...rebound, "sec-fetch-site": "same-origin" }, rules), 403);
  }
});

Deno.test("under any name the page may call the API with the right token", async () => {
  const page = { origin: "http://lb.example:5000", host: "lb.example:5000" };
  for (const site of [{}, { "sec-fetch-site": "same-origin" }]) {
    assertEquals(await status({ ...page, ...site, ...bearer("s3cret") }, TOKEN), undefined);
    assertEquals(await status({ ...page, ...site, ...bearer("wrong") }, TOKEN), 401);
  }
  // Behind a proxy that terminates TLS and changes the host, the browser's Sec-Fetch-Site is
  // enough.
  const behind = { origin: "https://lb.example", host: "10.0.0.7:5000" };
  const same = { "sec-fetch-site": "same-origin", ...bearer("s3cret") };
  assertEquals(await status({ ...behind, ...same }, TOKEN), undefined);
  assertEquals(await status({ ...behind, ...bearer("s3cret") }, TOKEN), 403);
});

Deno.test("wrong tokens make an address wait, even with the right one, and no other address", async () => {
  const guard = guardOf(TOKEN);
  const ask = async (token: string, address: string, now: number) => {
    const caller = { ...CALLER, address };
    const { refusal } = await guard.judge(new Headers(bearer(token)), "admin", caller, now);
    return [refusal?.status, refusal?.retryAfterS];
  };
  for (let n = 0; n < 10; n++) assertEquals(await ask("wrong", "192.0.2.1", 0), [401, undefined]);
  assertEquals(await ask("wrong", "192.0.2.1", 0), [429, 10]);
  assertEquals(await ask("s3cret", "192.0.2.1", 1), [429, 10]);
  assertEquals(await ask("s3cret", "192.0.2.2", 1), [undefined, undefined]);
  assertEquals(await ask("s3cret", "192.0.2.1", 10_000), [undefined, undefined]);
});

Deno.test("a missing token is not a wrong one, and neither is a token with too small a scope", async () => {
  const guard = guardOf(BOTH);
  for (const headers of [{}, bearer("r3ad")]) {
    for (let n = 0; n < 20; n++) await guard.judge(new Headers(headers), "admin", CALLER, 0);
  }
  const { refusal } = await guard.judge(new Headers(bearer("s3cret")), "admin", CALLER, 0);
  assertEquals(refusal, undefined);
});

const SCOPES: readonly Scope[] = ["public", "open", "read", "admin", "execute"];

/** The status of each scope's calls, in the order of {@linkcode SCOPES}. */
async function statuses(headers: Record<string, string>, rules: Place) {
  return await Promise.all(SCOPES.map((scope) => status(headers, rules, scope)));
}

Deno.test("calls that run code or kill need the admin token, on loopback and where the fleet is open", async () => {
  for (const rules of [LOCAL, OPEN, { ...LOCAL, ...OPEN }]) {
    assertEquals(await status({}, { ...rules, made: "m4de" }, "execute"), 401);
    assertEquals(await status(bearer("m4de"), { ...rules, made: "m4de" }, "execute"), undefined);
    assertEquals(await status(bearer("guess"), { ...rules, made: "m4de" }, "execute"), 401);
    assertEquals(await status(bearer("r3ad"), { ...rules, ...READ, made: "m4de" }, "execute"), 403);
    // No token is configured, so none can be sent.
    assertEquals(await status(bearer("any"), rules, "execute"), 403);
  }
  assertEquals(await status({}, { open: "everything" }, "execute"), undefined);
});

Deno.test("a token that the balancer generated leaves tokenless calls open", async () => {
  const made = { made: "m4de" };
  assertEquals(await status({}, { ...LOCAL, ...made }), undefined);
  assertEquals(await status({}, made), 403);
  assertEquals(await status(bearer("guess"), made), 401);
  assertEquals(await status(bearer("m4de"), made), undefined);
  const { refusal } = await judge({}, { ...LOCAL, ...made }, "execute");
  assertEquals(
    refusal?.message,
    "this call wants the header Authorization: Bearer <admin token>; the balancer made that token " +
      "at its first start and logs the file that holds it",
  );
});

Deno.test("on the service's port a browser needs a token for every call but those of pages", async () => {
  const own = { origin: "http://localhost:5000", host: "localhost:5000" };
  const rules = { ...LOCAL, shared: true, made: "m4de" };
  for (const site of ["same-origin", "none"]) {
    assertEquals(await statuses({ "sec-fetch-site": site }, rules), [
      undefined,
      401,
      401,
      401,
      401,
    ]);
  }
  assertEquals(await statuses(own, rules), [undefined, 401, 401, 401, 401]);
  assertEquals(await statuses({ ...own, ...bearer("m4de") }, rules), SCOPES.map(() => undefined));
  assertEquals(await statuses(own, { ...rules, open: "fleet" }), [undefined, 401, 401, 401, 401]);
  assertEquals(await statuses(own, { ...rules, open: "everything" }), SCOPES.map(() => undefined));
  assertEquals(await statuses(own, { ...rules, shared: false }), [
    ...[undefined, undefined, undefined, undefined],
    401,
  ]);
  // Clients other than browsers use the textbook's calls without a token.
  assertEquals(await statuses({}, rules), [undefined, undefined, undefined, undefined, 401]);
});

Deno.test("no call is open to the replicas' network, and no change is allowed from there", async () => {
  const replica = { replicas: ["172.18.0.3"], peer: "172.18.0.3", made: "m4de" };
  for (const open of ["fleet", "everything"] as const) {
    const rules = { ...replica, ...LOCAL, open };
    assertEquals(await statuses({}, rules), [401, 401, 401, 403, 403]);
    assertEquals(await statuses(bearer("m4de"), rules), [
      ...[undefined, undefined, undefined],
      ...[403, 403],
    ]);
  }
  // Its own X-Forwarded-For does not count, and a trusted proxy's does not hide the replica.
  assertEquals(await status({}, { ...OPEN, replicas: ["192.0.2.1"], peer: "172.18.0.9" }), 403);
  assertEquals(await status({}, { ...OPEN, replicas: ["172.18.0.9"] }), undefined);
});

Deno.test("without a token the API is readable only under names of this machine", async () => {
  const under = (host: string, rules: Place = LOCAL) => status({ host }, rules, "read");
  for (
    const host of ["localhost:5001", "a.localhost", "127.0.0.1:5001", "[::1]:5001", "balancer"]
  ) {
    assertEquals(await under(host), undefined, host);
  }
  for (
    const host of ["evil.example:5001", "EVIL.EXAMPLE", "evil.example.", "127.0.0.1.evil.example"]
  ) {
    assertEquals(await under(host), 403, host);
    assertEquals(await under(host, { ...LOCAL, open: "everything" }), 403, host);
    assertEquals(await status({ host }, LOCAL, "open"), undefined, host);
  }
  const allowed = { ...LOCAL, hosts: ["lb.example"] };
  assertEquals(await under("LB.example:5001", allowed), undefined);
  assertEquals(await under("lb.example.", allowed), undefined);
  assertEquals(await under("other.example", allowed), 403);
  const page = { origin: "http://lb.example:5001", host: "lb.example:5001" };
  assertEquals(await status(page, allowed), undefined);
  // Another site's page does not know the token.
  assertEquals(
    await status({ host: "evil.example", ...bearer("r3ad") }, { ...LOCAL, ...READ }, "read"),
    undefined,
  );
});

Deno.test("no browser gets the script of a service worker, with any token", async () => {
  const script = { "service-worker": "script", ...bearer("s3cret") };
  assertEquals(await statuses(script, { ...TOKEN, ...LOCAL }), SCOPES.map(() => 403));
});

Deno.test("loopback addresses are recognized", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) {
    assertEquals(isLoopback(host), true);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.org"]) {
    assertEquals(isLoopback(host), false);
  }
});
