/**
 * The configuration file of a running balancer: where settings come from, reload and routes.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { ConfigFile } from "../harness/config_file.ts";
import { run } from "../../tools/command.ts";
import { ROOT } from "../../tools/project.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";

/** A server that answers every request, after a pause or with a part of a body if it is asked to. */
function server(name: string) {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/slow")) await new Promise((resolve) => setTimeout(resolve, 600));
    if (request.body) await request.body.cancel();
    if (pathname.endsWith("/silent")) {
      const parts = new ReadableStream({
        start: (to) => to.enqueue(new TextEncoder().encode("a")),
      });
      return new Response(parts, { headers: { "content-type": "text/event-stream" } });
    }
    return new Response(name);
  });
}

interface Change {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly at: string | null;
  readonly reason?: string;
}

async function reload(balancer: Balancer) {
  const { status, body } = await balancer.call("POST", "/_lb/reload", {});
  const { message } = body as { message: { changed: Change[]; restart: Change[] } };
  return { status, message };
}

/** Makes requests one after the other until it is stopped. */
function load(url: string, clients: number) {
  let stopped = false;
  const counts = { ok: 0, failed: [] as string[] };
  const client = async () => {
    while (!stopped) {
      try {
        const response = await fetch(`${url}/x`);
        const text = await response.text();
        if (response.ok) counts.ok++;
        else counts.failed.push(`${response.status} ${text}`);
      } catch (error) {
        counts.failed.push(String(error));
      }
    }
  };
  const ended = Promise.all(Array.from({ length: clients }, client));
  return {
    counts,
    stop: async () => {
      stopped = true;
      await ended;
      return counts;
    },
  };
}

test("a running balancer reads its file again under load, in one step or not at all", async () => {
  await using blue = server("blue");
  await using green = server("green");
  const at = ({ addr }: { addr: Deno.NetAddr }) => `127.0.0.1:${addr.port}`;
  const text = (
    { holdMs = 5000, weight = 1, host = "127.0.0.1", extra = "", routes = "" },
  ) => `
listen: { host: ${host}, workers: 2 }
engine: { kind: static }
log: { level: info }
services:
  shop:
    fleet:
      upstreams:
        - { name: blue, address: "${at(blue)}", weight: ${weight} }
        - { name: green, address: "${at(green)}" }
    health: { path: / }
    hold: { ms: ${holdMs} }
    timeouts: { responseMs: 5000 }
${routes}${extra}`;
  await using file = await ConfigFile.of(text({}));
  await using balancer = await Balancer.start({ LB_CONFIG: file.path, LB_HOLD: "spill" });
  const settings = async (name: string) => {
    const { body } = await balancer.call("GET", "/_lb/settings");
    return (body as { settings: { name: string; value: string; from: string; at: string }[] })
      .settings.find((one) => one.name === name);
  };
  assertEquals((await settings("LB_HOLD_MS"))?.at, `${file.path}:12:13`);
  assertEquals((await settings("LB_HOLD"))?.from, "environment");
  assertEquals((await settings("LB_SLOTS"))?.from, "default");

  // 20 reloads under load, each changes upstreams and settings: no request fails.
  const running = load(balancer.url, 4);
  for (let i = 1; i <= 20; i++) {
    await file.write(text({ holdMs: 5000 + i, weight: i % 2 === 0 ? 1 : 3 }));
    const { status, message } = await reload(balancer);
    assertEquals(status, 200);
    assertEquals(message.changed.map(({ name }) => name).sort(), ["LB_HOLD_MS", "LB_UPSTREAMS"]);
  }
  const { ok, failed } = await running.stop();
  assertEquals(failed, []);
  assert(ok > 20, `${ok} requests`);

  // A fault changes nothing, and is named with its line and column.
  await file.write(text({ holdMs: 7000, extra: "    ring: { key: nope, slotz: 1 }\n" }));
  const refused = await balancer.call("POST", "/_lb/reload", {});
  assertEquals(refused.status, 400);
  const why = JSON.stringify(refused.body);
  assertStringIncludes(why, `${file.path}:14:18: services.shop.ring.key: must be request-id`);
  assertStringIncludes(why, "did you mean slots?");
  assertEquals((await settings("LB_HOLD_MS"))?.value, "5020");

  // Settings that need a restart are named with the reason and stay; the environment stays in force.
  await file.write(text({ holdMs: 6000, host: "0.0.0.0", extra: "    ring: { slots: 64 }\n" }));
  const { message } = await reload(balancer);
  assertEquals(message.changed.map(({ name, from, to }) => [name, from, to]), [
    ["LB_HOLD_MS", "5020", "6000"],
  ]);
  assertEquals(message.restart.map(({ name, to }) => [name, to]), [
    ["LB_HOST", "0.0.0.0"],
    ["LB_SLOTS", "64"],
  ]);
  for (const { reason = "" } of message.restart) assertMatch(reason, /balancer|fleet/);
  assertEquals((await settings("LB_HOST"))?.value, "127.0.0.1");

  // A route has its own rules, and a running request keeps the rules that it began with.
  const before = fetch(`${balancer.url}/api/slow`);
  await file.write(text({
    routes: `    routes:
      - { path: /api, responseMs: 200, bodyBytes: 4, key: path, streamIdleMs: 300 }
      - { host: "*.example", path: /api, responseMs: 3000 }
`,
  }));
  assertEquals((await reload(balancer)).status, 200);
  assertEquals((await before.then((response) => response.text())).length > 0, true);
  const statusOf = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(balancer.url + path, init);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await statusOf("/api/slow"), 504);
  assertEquals(await statusOf("/apix/slow"), 200);
  assertEquals(await statusOf("/other/slow"), 200);
  assertEquals(await statusOf("/api/a", { method: "POST", body: "12345" }), 413);
  assertEquals(await statusOf("/apix/a", { method: "POST", body: "12345" }), 200);
  const stream = await fetch(`${balancer.url}/api/silent`);
  await stream.text().then(() => {}, () => {});
  const explained = (query: string) => balancer.call("GET", `/_lb/explain?${query}`);
  const { body } = await explained("path=%2Fapi%2Fa");
  assertEquals((body as { route: string; key: string }).route, "/api");
  assertEquals((body as { route: string; key: string }).key, "/api/a");
  const hosted = (await explained("key=a&path=%2Fapi&host=shop.example%3A80")).body;
  assertEquals((hosted as { route: string }).route, "*.example/api");

  // The log has an audit line of the call.
  const { output } = await balancer.end("SIGTERM");
  assertMatch(output, /POST \/_lb\/reload.*LB_HOLD_MS/);
});

test("SIGHUP reads the file again, and a balancer without a file says that there is none", async () => {
  await using upstream = server("a");
  const text = (level: string) =>
    `log: { level: ${level} }\nservices: { a: { fleet: { upstreams: ["127.0.0.1:${upstream.addr.port}"] } } }\n`;
  const env = { LB_ENGINE: "static", LB_HEALTH_PATH: "/" };
  await using file = await ConfigFile.of(text("info"));
  await using balancer = await Balancer.start({ ...env, LB_CONFIG: file.path });
  await file.write(text("debug"));
  balancer.signal("SIGHUP");
  const level = async () =>
    ((await balancer.call("GET", "/_lb/log")).body as { level: string }).level;
  const deadline = performance.now() + 120_000;
  while (await level() !== "debug") assert(performance.now() < deadline, "not reloaded");
  await using other = await Balancer.start({
    ...env,
    LB_UPSTREAMS: `127.0.0.1:${upstream.addr.port}`,
  });
  assertEquals((await other.call("POST", "/_lb/reload", {})).status, 409);
});

test("a balancer with a faulty file does not start, and reports every fault at once", async () => {
  await using file = await ConfigFile.of("listen: { prot: 1, port: x }\nroutes: []\n");
  const args = [...await balancerArgs(), "--config", file.path];
  const { code, stderr } = await run(Deno.execPath(), args, { cwd: ROOT });
  assertEquals(code, 78);
  assertEquals(stderr.trim().split("\n").slice(1).map((line) => line.split(": ").slice(0, 2)), [
    [`${file.path}:1:11`, "listen.prot"],
    [`${file.path}:1:26`, "listen.port"],
    [`${file.path}:2:1`, "routes"],
  ]);
});
