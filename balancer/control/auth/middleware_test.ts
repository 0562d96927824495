import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { failureBody } from "../../reply.ts";
import { entryOf, noteAsked } from "./audit.ts";
import { difference } from "./diff.ts";
import { gateOf, type Rules } from "../testing.ts";

const SHAPE = { slots: 512, virtualServers: 9, layout: "even", hashes: "fibonacci" } as const;
const STOOD = { version: 1, digest: "d1", weights: { a: 1, b: 2, c: 1 }, shape: SHAPE };

/** A call of each scope behind a gate. */
function calls(rules: Rules = {}, now = () => 0) {
  const { gate, lines } = gateOf(rules, now);
  const app = new Hono();
  app.get("/look", gate.before({ scope: "read" }), (c) => c.text("seen"));
  app.post("/change", gate.before({ scope: "admin" }), async (c) => {
    const entry = entryOf(c);
    const body = noteAsked(c, await c.req.json());
    if (body.fails) return c.json(failureBody("n: no"), 409);
    entry.made(STOOD, { ...STOOD, version: 2, digest: "d2", weights: { a: 1, b: 3, d: 1 } });
    return c.json({});
  });
  const ask = (path: string, init: RequestInit, address = "192.0.2.1") =>
    app.request(path, init, {
      caller: { address, peer: address, local: true, shared: false },
    });
  const change = (headers: Record<string, string>, body = "{}", address?: string) =>
    ask("/change", { method: "POST", body, headers }, address);
  return { gate, lines, ask, change };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

Deno.test("a change is one line: caller, call, before and after", async () => {
  const { lines, change } = calls({ admin: "s3cret" });
  const headers = { ...bearer("s3cret"), "user-agent": "curl/8", "x-request-id": "r1" };
  await change(headers, '{"n":1}');
  assertEquals(lines, [{
    level: "info",
    message: "{client} ({credential}): {call} {asked} -> {outcome}: {before} became {after}",
    properties: {
      call: "POST /change",
      client: "192.0.2.1",
      credential: "admin-token",
      userAgent: "curl/8",
      requestId: "r1",
      asked: { n: 1 },
      before: { version: 1, digest: "d1", weights: { b: 2, c: 1 } },
      after: { version: 2, digest: "d2", weights: { b: 3, d: 1 } },
      outcome: 200,
    },
  }]);
});

Deno.test("a failed change is logged with its error and without a difference", async () => {
  const { lines, change } = calls();
  assertEquals((await change({}, '{"fails":true}')).status, 409);
  const { outcome, error, before, after, credential } = lines[0]?.properties ?? {};
  assertEquals([outcome, error, before, after, credential], [409, "n: no", null, null, "none"]);
});

Deno.test("reads are not logged", async () => {
  const { lines, ask } = calls();
  assertEquals((await ask("/look", {})).status, 200);
  assertEquals(lines, []);
});

Deno.test("a refused call is logged and counted, without the token", async () => {
  const { gate, lines, change } = calls({ admin: "s3cret", read: "r3ad" });
  const answers = [
    await change({}),
    await change(bearer("guess")),
    await change(bearer("r3ad")),
    await change({ ...bearer("s3cret"), origin: "http://evil.example" }),
  ];
  assertEquals(answers.map(({ status }) => status), [401, 401, 403, 403]);
  assertEquals(
    answers.map(({ headers }) => /error="(\w+)"/.exec(headers.get("www-authenticate") ?? "")?.[1]),
    [undefined, "invalid_token", "insufficient_scope", undefined],
  );
  assertEquals(lines.map(({ level, properties }) => [level, properties["reason"]]), [
    ["warning", "no-token"],
    ["warning", "wrong-token"],
    ["warning", "scope"],
    ["warning", "cross-site"],
  ]);
  assertEquals(gate.refusals.get("wrong-token"), 1);
  const text = JSON.stringify(lines);
  for (const token of ["guess", "r3ad", "s3cret"]) assert(!text.includes(token), text);
});

Deno.test("too many wrong tokens are a 429 with the time to retry", async () => {
  let now = 0;
  const { gate, change } = calls({ admin: "s3cret" }, () => now);
  for (let n = 0; n < 10; n++) await change(bearer(`guess${n}`));
  const late = await change(bearer("s3cret"));
  assertEquals([late.status, late.headers.get("retry-after")], [429, "10"]);
  assertEquals((await change(bearer("s3cret"), "{}", "192.0.2.2")).status, 200);
  now = 10_000;
  assertEquals((await change(bearer("s3cret"))).status, 200);
  assertEquals(gate.refusals.get("limited"), 1);
});

Deno.test("refusals are logged in a burst, then one a second with the number of unlogged ones", async () => {
  let now = 0;
  const { gate, lines, change } = calls({ admin: "s3cret" }, () => now);
  for (let n = 0; n < 50; n++) await change({});
  assertEquals([lines.length, gate.refusals.get("no-token")], [20, 50]);
  now = 1000;
  await change({});
  assertEquals([lines.length, lines.at(-1)?.properties["unwritten"]], [21, 30]);
});

Deno.test("clients' text is shortened and stripped of terminal control characters", async () => {
  const { lines, change } = calls();
  await change({ "user-agent": `\u009b31m${"x".repeat(500)}` });
  assertEquals(lines[0]?.properties["userAgent"], `?31m${"x".repeat(196)}`);
});

Deno.test("only differing values are logged of a change", () => {
  const shape = { ...SHAPE, slots: 1024 };
  assertEquals(difference(STOOD, { ...STOOD, version: 2, digest: "d2", shape }), [
    { version: 1, digest: "d1", shape: { slots: 512 } },
    { version: 2, digest: "d2", shape: { slots: 1024 } },
  ]);
  const more = { ...STOOD, version: 2, weights: { ...STOOD.weights, d: 1 } };
  assertEquals(difference(STOOD, more), [
    { version: 1, digest: "d1", weights: {} },
    { version: 2, digest: "d1", weights: { d: 1 } },
  ]);
});
