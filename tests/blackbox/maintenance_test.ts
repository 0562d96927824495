import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { Balancer } from "../harness/balancer.ts";
import { field, get, OK, RawBalancer, RawUpstream, statusOf } from "../harness/raw.ts";

const BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";

test("error pages, maintenance and readiness of a running balancer", async (t) => {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.writeTextFile(`${folder}/502.html`, "bad gateway, id {{request_id}}");
  await Deno.writeTextFile(`${folder}/4xx.html`, "your request");
  await Deno.writeTextFile(`${folder}/maintenance.html`, "<b>{{message}}</b>");
  const held = Promise.withResolvers<string>();
  const arrived = Promise.withResolvers<void>();
  const upstream = stack.use(
    new RawUpstream(({ line }) => {
      if (line.startsWith("POST /close")) return undefined;
      if (!line.startsWith("GET /slow")) return OK;
      arrived.resolve();
      return held.promise;
    }),
  );
  // The second upstream is not there.
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr;
  gone.close();
  const addresses = [upstream.address, `127.0.0.1:${port}`];
  const settings = {
    LB_ERROR_PAGES: folder,
    LB_WORKERS: "2",
    LB_MAX_BODY_BYTES: "10",
    LB_STATE_FILE: `${folder}/state.json`,
    LB_ADMIN_OPEN: "true",
    LB_HEALTH_PATH: "/heartbeat",
    LB_HEARTBEAT_MS: "100",
  };
  await using balancer = await started(addresses.slice(0, 1), settings);
  const close = (...fields: string[]) => get("/close", ...fields).replace("GET", "POST");

  await t.step("a client that prefers HTML gets a page, another one JSON", async () => {
    const page = await balancer.ask(close(BROWSER, "X-Request-Id: <7>"));
    assertEquals([statusOf(page), field(page, "content-type")], [502, HTML]);
    assertEquals(page.body, "bad gateway, id &lt;7&gt;");
    assertEquals(field(page, "content-length"), String(page.body.length));
    for (const accept of ["Accept: */*", "Accept: application/json", "X: y"]) {
      const json = await balancer.ask(close(accept));
      assertEquals([statusOf(json), field(json, "content-type")], [502, JSON_TYPE]);
      assertEquals([JSON.parse(json.body).status, field(json, "vary")], ["failure", "Accept"]);
    }
  });

  await t.step("requests that are refused before they are routed get pages, too", async () => {
    const faults = [
      `GET / HTTP/1.1\r\n${BROWSER}\r\n\r\n`,
      `GET /${"x".repeat(9000)} HTTP/1.1\r\nHost: a\r\n${BROWSER}\r\n\r\n`,
      get("/", BROWSER).replace("GET", "TRACE"),
      get("/", BROWSER, "Content-Length: 11").replace("GET", "POST"),
      get("/", BROWSER, "Transfer-Encoding: chunked").replace("GET", "POST") +
      `b\r\n${"x".repeat(11)}\r\n`,
    ];
    for (const [i, status] of [400, 414, 405, 413, 413].entries()) {
      const page = await balancer.ask(faults[i]!);
      assertEquals([statusOf(page), field(page, "content-type")], [status, HTML], faults[i]);
      assertEquals(page.body, "your request");
    }
  });

  await t.step("HEAD gets the head of the page", async () => {
    using client = await balancer.connect();
    await client.send(`HEAD / HTTP/1.1\r\n${BROWSER}\r\n\r\n`);
    const page = await client.response("HEAD");
    assertEquals([statusOf(page), field(page, "content-length")], [400, "12"]);
    assertEquals((await client.rest()).text, "");
  });

  const call = balancer.balancer;

  await t.step("a maintenance begins in all workers, and requests in flight finish", async () => {
    using slow = await balancer.connect();
    await slow.send(get("/slow"));
    await arrived.promise;
    const { status, body } = await call.call("PUT", "/_lb/maintenance", {
      message: "Back at <10>.",
      retryAfterS: 600,
    });
    assertEquals(status, 200);
    const { maintenance } = body as { readonly maintenance: { readonly since: string } };
    assertMatch(maintenance.since, /^\d{4}-/);
    for (let i = 0; i < 20; i++) {
      const page = await balancer.ask(get("/", BROWSER));
      assertEquals([statusOf(page), field(page, "retry-after")], [503, "600"]);
      assertEquals([page.body, field(page, "content-type")], ["<b>Back at &lt;10&gt;.</b>", HTML]);
    }
    const json = await balancer.ask(get());
    assertEquals(JSON.parse(json.body).message, "<Error> Back at <10>.");
    assertEquals(statusOf(await balancer.ask(get("/rep"))), 200);
    held.resolve(OK);
    assertEquals(statusOf(await slow.response()), 200);
  });

  await t.step("status, readyz and metrics show it, and each call is audited", async () => {
    const { maintenance } = await call.status() as unknown as { readonly maintenance: object };
    assertStringIncludes(JSON.stringify(maintenance), '"message":"Back at <10>."');
    const ready = await call.call("GET", "/_lb/readyz");
    assertEquals(ready.status, 200);
    assertEquals((ready.body as { readonly maintenance: boolean }).maintenance, true);
    const metrics = await (await call.fetch("/_lb/metrics")).text();
    assertStringIncludes(metrics, "ringkeeper_maintenance 1");
    assertStringIncludes(metrics, 'reason="maintenance"');
  });

  await t.step("a body that cannot be used names field, bound and value", async () => {
    const refused = async (body: object) => {
      const answer = await call.call("PUT", "/_lb/maintenance", body);
      assertEquals(answer.status, 400);
      return (answer.body as { readonly message: string }).message;
    };
    assertEquals(
      await refused({ message: "", retryAfterS: 0, allow: ["10.0.0.1"] }),
      "<Error> message: must be 1 to 1024 characters; got 0; retryAfterS: must be a whole number " +
        "from 1 to 86400; got 0; allow: each must be a network in CIDR notation, such as " +
        '10.0.0.0/8; got "10.0.0.1"',
    );
    assertMatch(await refused({ message: "a\nb" }), /message: must be a text without control/);
    assertMatch(await refused({ text: "x" }), /must have no fields but message, retryAfterS and/);
  });

  await t.step("it survives a restart, and clients of an allowed network are served", async () => {
    const { output } = await call.end("SIGTERM");
    assertMatch(output, /PUT \/_lb\/maintenance .*-> 200/);
    await using next = await started(addresses.slice(0, 1), settings);
    assertEquals(statusOf(await next.ask(get())), 503);
    const allow = { allow: ["127.0.0.0/8"] };
    assertEquals((await next.balancer.call("PUT", "/_lb/maintenance", allow)).status, 200);
    assertEquals(statusOf(await next.ask(get())), 200);
    await next.balancer.call("PUT", "/_lb/maintenance", { allow: ["10.0.0.0/8"] });
    assertEquals(statusOf(await next.ask(get())), 503);
    const ended = await next.balancer.call("DELETE", "/_lb/maintenance");
    assertEquals(ended, { status: 200, body: { maintenance: null } });
    assertEquals(statusOf(await next.ask(get())), 200);
    await next.balancer.end("SIGTERM");
    await using last = await started(addresses.slice(0, 1), settings);
    assertEquals(statusOf(await last.ask(get())), 200);
  });

  await t.step("readyz is 503 with the reason while too few replicas are ready", async () => {
    await using half = await started(addresses, {
      ...settings,
      LB_STATE_FILE: "",
      LB_READY_SHARE: "1",
    });
    await half.balancer.until(({ ready }) => ready === 1);
    const { status, body } = await half.balancer.call("GET", "/_lb/readyz");
    assertEquals(status, 503);
    assertEquals(
      (body as { readonly message: string }).message,
      "<Error> 1 of 2 replicas is ready; LB_READY_SHARE=1 needs 2",
    );
    assertEquals((await half.balancer.call("GET", "/_lb/healthz")).status, 200);
  });

  await t.step("a page that cannot be used keeps the balancer from starting", async () => {
    await Deno.writeTextFile(`${folder}/40.html`, "x");
    const failed = await started(addresses, settings).then(() => "", String);
    assert(/LB_ERROR_PAGES: .*40\.html: the name must be a status from 400 to 599/.test(failed));
  });
});

/** A balancer that listens; its replicas need not be ready. */
async function started(
  addresses: readonly string[],
  env: Record<string, string>,
): Promise<RawBalancer> {
  const upstreams = addresses.map((address, at) => `Server${at + 1}=${address}`).join();
  const settings = { LB_ENGINE: "static", LB_UPSTREAMS: upstreams, LB_DRAIN_MS: "1000", ...env };
  const balancer = await Balancer.start(settings);
  return new RawBalancer(balancer);
}
