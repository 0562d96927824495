import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { ConfigFile } from "../harness/config_file.ts";
import { makeExpiredPair, makePair, readPair } from "../harness/certificates.ts";
import { Load } from "../harness/load.ts";
import { within } from "../harness/raw.ts";
import { Authority, freePort, Nginx, Relay, TlsService } from "../harness/tls_upstreams.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** The balancer's settings for upstreams of an authority. */
function settings(authority: Authority, upstreams: string): Record<string, string> {
  return {
    LB_ENGINE: "static",
    LB_UPSTREAMS: upstreams,
    LB_UPSTREAM_TLS_CA: `${authority.folder}/ca.pem`,
    LB_UPSTREAM_TLS_NAME: "up.test",
    LB_HEALTH_PATH: "/",
    LB_HEARTBEAT_MS: "100",
    LB_RING_FIELDS: "true",
    LB_WORKERS: "1",
  };
}

async function metric(balancer: Balancer, line: string): Promise<number> {
  const headers = await balancer.bearer();
  const body = await (await fetch(balancer.at("/_lb/metrics"), { headers })).text();
  const text = body.split("\n").find((one) => one.startsWith(`ringkeeper_${line} `));
  return Number(text?.split(" ").at(-1) ?? NaN);
}

test("requests of every kind pass to upstreams over TLS, beside those without", async (t) => {
  await using authority = await Authority.make();
  await using service = new TlsService(await authority.texts("up"), "secret");
  await using plain = Deno.serve({ port: 0, onListen: () => {} }, () => new Response("plain"));
  const list = `${service.address},open=127.0.0.1:${plain.addr.port}`;
  const balancer = await Balancer.ready({ ...settings(authority, list), LB_ACCESS_LOG: "full" });
  await t.step("status, upstreams and explain show the protocol", async () => {
    const { replicas } = await balancer.status();
    assertEquals(replicas.map(({ name, address }) => [name, address]), [
      [`127.0.0.1:${service.port}`, service.address],
      ["open", `127.0.0.1:${plain.addr.port}`],
    ]);
    const { body } = await balancer.call("GET", "/_lb/upstreams");
    assertMatch(JSON.stringify(body), /"https:\/\/127\.0\.0\.1:\d+"/);
    const { body: explained } = await balancer.call("GET", "/_lb/explain?key=a");
    const { replicas: reached } = explained as { replicas: { name: string; scheme: string }[] };
    assertEquals(Object.fromEntries(reached.map(({ name, scheme }) => [name, scheme])), {
      [`127.0.0.1:${service.port}`]: "https",
      open: "http",
    });
  });
  const one = (await balancer.call("PUT", "/_lb/upstreams", {
    upstreams: [{ name: "only", address: service.address }],
  })).status;
  assertEquals(one, 200);
  await balancer.until(({ ready, desired }) => ready === 1 && desired === 1);
  await t.step("small answers reuse connections", async () => {
    for (let i = 0; i < 50; i++) {
      assertEquals(await (await balancer.fetch("/")).text(), "secret");
    }
    assert(await metric(balancer, 'upstream_tls_handshakes_total{end="tls13"}') < 10);
    assertEquals(await metric(balancer, 'upstream_tls_handshakes_total{end="tls"}'), 0);
  });
  await t.step("large bodies pass in both directions", async () => {
    assertEquals((await (await balancer.fetch("/big")).text()).length, 4 * 1024 * 1024);
    const body = crypto.getRandomValues(new Uint8Array(65_536)).toHex().repeat(40);
    const echoed = await balancer.fetch("/", { method: "POST", body });
    assertEquals(await echoed.text() === body, true);
  });
  await t.step("events and WebSockets pass", async () => {
    const events = await balancer.fetch("/events");
    assertEquals(await events.text(), "data: 1\n\ndata: 2\n\n");
    const socket = new WebSocket(balancer.url.replace("http", "ws"));
    await new Promise((resolve) => socket.onopen = resolve);
    const reply = new Promise<string>((resolve) => socket.onmessage = ({ data }) => resolve(data));
    socket.send("ping");
    assertEquals(await within("the echo", reply), "ping");
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.close(1000);
    assertEquals((await within("the close", closed)).wasClean, true);
  });
  assert(await metric(balancer, 'heartbeat_tls_handshakes_total{end="tls13"}') > 0);
  const { output } = await balancer.end("SIGTERM");
  const line = output.split("\n").find((one) => one.includes('"url.path":"/big"'));
  assertEquals(JSON.parse(line ?? "{}")["ringkeeper.upstream_scheme"], "https");
});

test("each fault of TLS is named, and the replica is not ready", async (t) => {
  await using authority = await Authority.make();
  const { folder } = authority;
  const stranger = await readPair(await makePair(folder, "stranger", { names: ["up.test"] }));
  const expired = await readPair(await makeExpiredPair(folder, "up.test", authority.pair));
  await using good = new TlsService(await authority.texts("good"), "good");
  await using unknown = new TlsService(stranger);
  await using late = new TlsService(expired);
  await using other = new TlsService(await authority.texts("other", ["other.test"]));
  await using plain = Deno.serve({ port: 0, onListen: () => {} }, () => new Response("plain"));
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using resetting = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of resetting) {
      // Unread bytes make the system reset the connection.
      connection.read(new Uint8Array(1)).then(() => connection.close(), () => {});
    }
  })();
  const old = freePort();
  const pair = await authority.files("old");
  const server = new Deno.Command("openssl", {
    args: [
      ...["s_server", "-accept", `127.0.0.1:${old}`, "-cert", pair.cert, "-key", pair.key, "-www"],
      ...["-tls1", "-cipher", "ALL:@SECLEVEL=0", "-quiet"],
    ],
    ...{ stdin: "null", stdout: "null", stderr: "null" } as const,
  }).spawn();
  const faults: Record<string, [string, RegExp]> = {
    unknown: [unknown.address, /TLS: .*(authority|signed by itself)/],
    expired: [late.address, /TLS: the certificate has expired/],
    other: [other.address, /TLS: the certificate is not for up\.test/],
    plain: [`https://127.0.0.1:${plain.addr.port}`, /TLS: the replica answers without TLS/],
    silent: [`https://127.0.0.1:${silent.addr.port}`, /within \d+ ms/],
    resetting: [`https://127.0.0.1:${resetting.addr.port}`, /TLS: the (replica left|handshake)/],
    old: [`https://127.0.0.1:${old}`, /TLS: .*[vV]ersion/],
  };
  const list = Object.entries(faults).map(([name, [address]]) => `${name}=${address}`).join();
  const balancer = await Balancer.start({
    ...settings(authority, `good=${good.address},${list}`),
    LB_CONNECT_TIMEOUT_MS: "500",
    LB_HEARTBEAT_TIMEOUT_MS: "1000",
  });
  try {
    for (const [name, [, reason]] of Object.entries(faults)) {
      await t.step(name, async () => {
        const { replicas } = await balancer.until(({ replicas }) => {
          const one = replicas.find((replica) => replica.name === name);
          // A slow machine may be late for the first connections.
          return reason.test(one?.lastError?.message ?? one?.start?.notReady ?? "");
        });
        const one = replicas.find((replica) => replica.name === name);
        assert(one?.state !== "ready");
      });
    }
    const status = await balancer.until(({ ready }) => ready === 1);
    assertEquals(status.replicas.find(({ state }) => state === "ready")?.name, "good");
    for (let i = 0; i < 20; i++) {
      assertEquals(await (await balancer.fetch(`/${i}`)).text(), "good");
    }
  } finally {
    server.kill("SIGKILL");
    await server.status;
    await balancer[Symbol.asyncDispose]();
  }
});

test("nginx verifies the balancer's certificate, and without one the replica is not ready", async () => {
  await using authority = await Authority.make();
  const pair = await authority.files("nginx");
  const own = await authority.files("balancer", ["balancer.test"]);
  await using nginx = await Nginx.start(
    authority.folder,
    pair,
    `ssl_verify_client on; ssl_client_certificate ${authority.folder}/ca.pem;`,
  );
  {
    await using balancer = await Balancer.start(settings(authority, `a=${nginx.address}`));
    const { replicas: [one] } = await balancer.until(({ replicas: [one] }) =>
      (one?.lastError ?? one?.start?.notReady ?? null) !== null
    );
    assertMatch(one?.lastError?.message ?? one?.start?.notReady ?? "", /400 from \//);
  }
  await using balancer = await Balancer.ready({
    ...settings(authority, `a=${nginx.address}`),
    LB_UPSTREAM_TLS_CERTIFICATE: own.cert,
    LB_UPSTREAM_TLS_KEY: own.key,
  });
  for (let i = 0; i < 20; i++) {
    assertEquals(await (await balancer.fetch("/")).text(), "from nginx");
  }
  const { certificates } = await balancer.status();
  assertEquals(certificates.map(({ name, fault }) => [name, fault]), [["balancer", null]]);
});

test("authorities that are replaced count for the next connections", async () => {
  await using authority = await Authority.make();
  await using next = await Authority.make();
  await using service = new TlsService(await next.texts("up"), "next");
  await using balancer = await Balancer.start(settings(authority, `a=${service.address}`));
  await balancer.until(({ replicas: [one] }) =>
    (one?.lastError ?? one?.start?.notReady ?? null) !== null
  );
  await Deno.copyFile(`${next.folder}/ca.pem`, `${authority.folder}/ca.pem`);
  await balancer.until(({ ready }) => ready === 1);
  assertEquals(await (await balancer.fetch("/")).text(), "next");
});

test("a body that ends with its connection needs close_notify", async () => {
  await using authority = await Authority.make();
  const { cert, key } = await authority.texts("raw");
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const sent = Promise.withResolvers<void>();
  void (async () => {
    for await (const connection of listener) {
      const bytes = new Uint8Array(4096);
      const head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of a body";
      connection.read(bytes).then(async (count) => {
        if (count === null) return;
        await connection.write(new TextEncoder().encode(head));
        const line = new TextDecoder().decode(bytes.subarray(0, 16));
        if (line.startsWith("GET /cut ")) sent.resolve();
        else await connection.closeWrite();
      }).catch(() => {});
    }
  })();
  using relay = new Relay(listener.addr.port);
  await using balancer = await Balancer.ready({
    ...settings(authority, `a=${relay.address}`),
    LB_HEALTH_PATH: "",
  });
  assertEquals(await (await balancer.fetch("/whole")).text(), "half of a body");
  const broken = await balancer.fetch("/cut");
  await within("the body's beginning", sent.promise);
  const reader = broken.body!.getReader();
  await reader.read();
  relay.cut();
  await assertRejects(() => reader.read());
});

test("replicas of engine process that speak TLS are healed under load", async () => {
  await using authority = await Authority.make();
  await authority.files("replica", ["replicas.test"]);
  const command =
    `${Deno.execPath()} run --quiet --no-prompt --allow-net --allow-env=LISTEN,PAIRS,PORT,` +
    `SERVER_NAME --allow-read=${authority.folder} ` +
    new URL("../testdata/tls_replica.ts", import.meta.url).pathname;
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICA_COMMAND: command,
    LB_DRILLS: "true",
    LB_REPLICA_ENV: JSON.stringify({ PAIRS: authority.folder }),
    LB_HEALTH_PATH: "/",
    LB_UPSTREAM_TLS: "on",
    LB_UPSTREAM_TLS_CA: `${authority.folder}/ca.pem`,
    LB_UPSTREAM_TLS_NAME: "replicas.test",
  });
  const load = new Load(`${balancer.url}/home`, 8);
  const victim = await balancer.replica("Server2");
  assertMatch(victim?.address ?? "", /^https:/);
  await signal(pidOf(victim), "KILL");
  await balancer.until(({ ready, replicas }) =>
    ready === 3 && replicas.some(({ restarts }) => restarts === 1)
  );
  const { failed, served } = await load.stop();
  assertEquals(failed, []);
  assertEquals([...served.keys()].sort(), ["Server1", "Server2", "Server3"]);
  const drill = { kill: "Server1", path: "/home", objective: { fullRingMs: 60_000 } };
  const { status, body } = await balancer.call(
    "POST",
    "/_lb/drill",
    drill,
    await balancer.bearer(),
  );
  const { passed, load: { requests, lost } } = body as DrillReport;
  assertEquals([status, passed, lost], [200, true, 0], JSON.stringify(body));
  assert(requests > 0);
});

/** The part of a drill's report that is looked at. */
interface DrillReport {
  readonly passed: boolean;
  readonly load: { readonly requests: number; readonly lost: number };
}

test("a reload adds and removes replicas with TLS and without, and no request fails", async () => {
  await using authority = await Authority.make();
  await using first = new TlsService(await authority.texts("first"), "secret");
  await using second = new TlsService(await authority.texts("second"), "secret");
  await using plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("plain"),
  );
  const open = `127.0.0.1:${plain.addr.port}`;
  const { LB_UPSTREAMS: _, ...env } = settings(authority, "");
  const text = (list: string) => `
services:
  shop:
    fleet:
      upstreams:
${list.replaceAll(/([a-z])=([^,]+),?/g, '        - { name: $1, address: "$2" }\n')}`;
  await using file = await ConfigFile.of(text(`a=${first.address},b=${open}`));
  await using balancer = await Balancer.ready({ ...env, LB_CONFIG: file.path });
  const lists: [list: string, names: string[]][] = [
    [`a=${first.address},b=${open},c=${second.address}`, ["a", "b", "c"]],
    [`b=${open},c=${second.address}`, ["b", "c"]],
    // The same name and port, without TLS and with it.
    [`b=${second.address}`, ["b"]],
    [`b=${open}`, ["b"]],
  ];
  const wrong: string[] = [];
  const stop = new AbortController();
  const load = (async () => {
    for (let i = 0; !stop.signal.aborted; i++) {
      const response = await balancer.fetch(`/${i}`);
      const body = await response.text();
      if (!["secret", "plain"].includes(body)) wrong.push(`${response.status} ${body}`);
    }
  })();
  for (const [list, names] of lists) {
    await file.write(text(list));
    assertEquals((await balancer.call("POST", "/_lb/reload", {})).status, 200);
    await balancer.until(({ replicas, ready }) =>
      ready === names.length && replicas.map(({ name }) => name).join() === names.join()
    );
  }
  stop.abort();
  await load;
  assertEquals(wrong, []);
});

test("a request on a kept connection that its replica has closed is sent again", async () => {
  await using authority = await Authority.make();
  const { cert, key } = await authority.texts("closing");
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  let connections = 0;
  void (async () => {
    for await (const connection of listener) {
      connections++;
      void answerOnce(connection);
    }
  })();
  await using balancer = await Balancer.ready({
    ...settings(authority, `a=https://127.0.0.1:${listener.addr.port}`),
    LB_HEALTH_PATH: "",
  });
  for (let i = 0; i < 20; i++) {
    assertEquals(await (await balancer.fetch(`/${i}`)).text(), "ok");
  }
  assert(connections >= 20, `${connections} connections`);
  assertEquals((await balancer.status()).failures, {});
});

/** Answers one request as if it kept the connection, and closes it when the next one arrives. */
async function answerOnce(connection: Deno.TlsConn): Promise<void> {
  try {
    const bytes = new Uint8Array(4096);
    if (await connection.read(bytes) === null) return;
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    await connection.write(new TextEncoder().encode(answer));
    await connection.read(bytes);
  } catch (error) {
    // The balancer may close it first.
    if (
      !(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof)
    ) {
      throw error;
    }
  } finally {
    connection.close();
  }
}

test("a replica that speaks TLS 1.2 alone is served, and counted as such", async () => {
  await using authority = await Authority.make();
  const pair = await authority.files("nginx");
  await using nginx = await Nginx.start(authority.folder, pair, "ssl_protocols TLSv1.2;");
  await using balancer = await Balancer.ready(settings(authority, `a=${nginx.address}`));
  for (let i = 0; i < 20; i++) {
    assertEquals(await (await balancer.fetch("/")).text(), "from nginx");
  }
  assert(await metric(balancer, 'upstream_tls_handshakes_total{end="tls12"}') > 0);
  assertEquals(await metric(balancer, 'upstream_tls_handshakes_total{end="tls13"}'), 0);
  assert(await metric(balancer, 'heartbeat_tls_handshakes_total{end="tls12"}') > 0);
});

test("without verification the log and a metric warn", async () => {
  await using authority = await Authority.make();
  const pair = await readPair(await makePair(authority.folder, "own", { names: ["x.test"] }));
  await using service = new TlsService(pair, "anyone");
  const balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `a=${service.address}`,
    LB_HEALTH_PATH: "/",
    LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY: "true",
  });
  try {
    assertEquals(await (await balancer.fetch("/")).text(), "anyone");
    assertEquals(await metric(balancer, "upstream_tls_unverified"), 1);
  } finally {
    const { output } = await balancer.end("SIGTERM");
    assertMatch(output, /INSECURE_SKIP_VERIFY is true: certificates of replicas are not verified/);
  }
});
