/**
 * Certificates by ACME, issued by a real test authority.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Balancer, type Status } from "../harness/balancer.ts";
import { makePair } from "../harness/certificates.ts";
import { ConfigFile } from "../harness/config_file.ts";
import { freePort } from "../harness/free_port.ts";
import { systemTest } from "../../tools/test/needs.ts";
import { acmeTest as test, Pebble } from "../harness/pebble.ts";
import { field, OK, RawConnection, RawUpstream, statusOf, within } from "../harness/raw.ts";

/** Settings of a balancer whose port is where the authority proves names. */
function settings(authority: Pebble, port: number, replica: string): Record<string, string> {
  return {
    LB_ENGINE: "static",
    LB_UPSTREAMS: replica,
    LB_HEALTH_PATH: "",
    LB_WORKERS: "2",
    LB_PORT: String(port),
    LB_TLS_PORT: "0",
    LB_TLS_HOSTS: "a.test",
    LB_STATE_FILE: `${authority.folder}/fleet.json`,
    ...authority.env,
  };
}

/** Asks by curl for a page under a name, with the authority's root. */
async function curl(authority: Pebble, host: string, tlsPort: number): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command("curl", {
    args: [
      ...["-sS", "--max-time", "20", "--cacert", await authority.root()],
      ...["--resolve", `${host}:${tlsPort}:127.0.0.1`, `https://${host}:${tlsPort}/`],
    ],
  }).output();
  return new TextDecoder().decode(success ? stdout : stderr);
}

function certificateOf({ certificates }: Status, name: string) {
  return certificates.find((one) => one.name === name);
}

/** Waits until a host has a certificate. */
async function issued(balancer: Balancer, host = "a.test"): Promise<string> {
  const status = await balancer.until((one) =>
    typeof certificateOf(one, host)?.fingerprint === "string"
  );
  return certificateOf(status, host)!.fingerprint!;
}

async function modesBelow(folder: string): Promise<string[]> {
  const modes: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith(".draft-")) continue;
    const { mode } = await Deno.stat(`${folder}/${name}`);
    modes.push(((mode ?? 0) & 0o777).toString(8));
  }
  return modes;
}

test("a certificate is issued over bad nonces, is used, and is kept over a restart", async () => {
  const port = freePort();
  await using authority = await Pebble.start({ httpPort: port, badNonces: 30 });
  await using replica = new RawUpstream(() => OK);
  const env = settings(authority, port, replica.address);
  let fingerprint: string;
  {
    await using balancer = await Balancer.start({ ...env, LB_ACME_EMAIL: "ops@a.test" });
    fingerprint = await issued(balancer);
    assertMatch(await curl(authority, "a.test", balancer.tlsPort), /^ok$/);
    // The certificate of the only host is the default, too; a challenge of no order is forwarded.
    using client = await RawConnection.to(port);
    const path = "/.well-known/acme-challenge/unknown";
    await client.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    assertEquals(statusOf(await client.response()), 200);
    assertMatch(replica.requests.at(-1)!, /acme-challenge\/unknown/);
    const metrics = await (await balancer.fetch("/_lb/metrics")).text();
    assertMatch(metrics, /^ringkeeper_acme_orders_total\{result="issued"\} 1$/m);
    assertMatch(metrics, /^ringkeeper_tls_certificate_ending\{certificate="a\.test"\} 0$/m);
  }
  const folder = `${authority.folder}/fleet.json.acme`;
  assertEquals(await modesBelow(folder), ["600", "600"]);
  assertEquals(((await Deno.stat(folder)).mode ?? 0) & 0o777, 0o700);
  await using again = await Balancer.start(env);
  assertEquals(await issued(again), fingerprint);
  assertMatch(await curl(authority, "a.test", again.tlsPort), /^ok$/);
  const { output } = await again.end("SIGTERM");
  assert(!output.includes("ordering a certificate"), output);
});

test("an authority that was down issues later: with redirects, maintenance and no replica", async () => {
  const port = freePort();
  await using authority = await Pebble.prepare({ httpPort: port });
  const balancer = await Balancer.start({
    ...settings(authority, port, `127.0.0.1:${freePort()}`),
    LB_HEALTH_PATH: "/heartbeat",
    LB_TLS_REDIRECT: "true",
    LB_ADMIN_OPEN: "true",
  });
  await using _ = balancer;
  const down = await balancer.until(({ failures }) => (failures["acme.order"] ?? 0) > 0);
  assertMatch(certificateOf(down, "a.test")!.fault!, /cannot be reached: .*next attempt is at 20/);
  await authority.run();
  const maintenance = { message: "later", retryAfterS: 60 };
  assertEquals((await balancer.call("PUT", "/_lb/maintenance", maintenance)).status, 200);
  assertMatch(await curl(authority, "a.test", balancer.tlsPort), /^curl: .*unrecognized name/);
  await issued(balancer);
  assertMatch(await curl(authority, "a.test", balancer.tlsPort), /later/);
});

systemTest("the usual authorities are trusted without any further permission", async () => {
  const folder = await Deno.makeTempDir({ dir: "/tmp" });
  await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  await using balancer = await Balancer.start({
    LB_ENGINE: "static",
    LB_UPSTREAMS: "127.0.0.1:1",
    LB_HEALTH_PATH: "",
    LB_WORKERS: "1",
    LB_TLS_PORT: "0",
    LB_TLS_HOSTS: "a.test",
    LB_ACME_DIRECTORY: `https://127.0.0.1:${freePort()}/dir`,
    LB_STATE_FILE: `${folder}/fleet.json`,
  });
  const down = await balancer.until(({ failures }) => (failures["acme.order"] ?? 0) > 0);
  assertMatch(certificateOf(down, "a.test")!.fault!, /cannot be reached: .*refused/i);
});

test("a refused host says why, and others are served; a reload adds hosts", async () => {
  const port = freePort();
  await using authority = await Pebble.start({ httpPort: port });
  await using replica = new RawUpstream(() => OK);
  const file = (hosts: string) => `tls:\n  hosts: [${hosts}]\n`;
  await using config = await ConfigFile.of(file("bad.test"));
  const { LB_TLS_HOSTS: _, ...env } = settings(authority, port, replica.address);
  const certificates = await Deno.makeTempDir();
  await makePair(certificates, "default", { names: ["file.test"] });
  await using __ = { [Symbol.asyncDispose]: () => Deno.remove(certificates, { recursive: true }) };
  await authority.lead("bad.test", "127.0.0.9");
  await using balancer = await Balancer.start({
    ...env,
    LB_HOST: "127.0.0.1",
    LB_ADMIN_OPEN: "true",
    LB_CONFIG: config.path,
    LB_TLS_CERTIFICATES: certificates,
  });
  const refused = await balancer.until(({ failures }) => (failures["acme.order"] ?? 0) > 0);
  assertMatch(
    certificateOf(refused, "bad.test")!.fault!,
    /the authority could not verify bad\.test: .*127\.0\.0\.9.*\(connection\); the next/,
  );
  await config.write(file("bad.test, good.test"));
  assertEquals((await balancer.call("POST", "/_lb/reload", {})).status, 200);
  await issued(balancer, "good.test");
  assertMatch(await curl(authority, "good.test", balancer.tlsPort), /^ok$/);
  // The default certificate, which is another's, does not stand in for a host that waits.
  assertMatch(await curl(authority, "bad.test", balancer.tlsPort), /^curl: .*unrecognized name/);
  assertMatch(await curl(authority, "file.test", balancer.tlsPort), /^curl: .*self.signed/);
  assertEquals((await balancer.status()).failures["acme.order"], 1);
});

test("an order that a crash cut off is continued", async () => {
  const port = freePort();
  await using authority = await Pebble.start({ httpPort: port, proofS: "6" });
  await using replica = new RawUpstream(() => OK);
  const env = settings(authority, port, replica.address);
  const first = await Balancer.start(env);
  const record = `${authority.folder}/fleet.json.acme/host-a.test.json`;
  await within("an order", ordered(record));
  await first.end("SIGKILL");
  await using second = await Balancer.start(env);
  await issued(second);
  assertMatch(await curl(authority, "a.test", second.tlsPort), /^ok$/);
  assertEquals(authority.calls("order-plz"), 1);
});

/** Waits until a record has the URL of an order. */
async function ordered(record: string): Promise<void> {
  for (;;) {
    const text = await Deno.readTextFile(record).catch(() => "{}");
    if (typeof JSON.parse(text).order?.url === "string") return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a certificate is renewed in time, and no connection notices", async () => {
  const port = freePort();
  await using authority = await Pebble.start({ httpPort: port, validityS: 20 });
  await using replica = new RawUpstream(() => OK);
  await using balancer = await Balancer.start(settings(authority, port, replica.address));
  const before = await issued(balancer);
  const caCerts = [await Deno.readTextFile(await authority.root())];
  const plain = await Deno.connect({ hostname: "127.0.0.1", port: balancer.tlsPort });
  using client = new RawConnection(await Deno.startTls(plain, { hostname: "a.test", caCerts }));
  const ask = async () => {
    await client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const response = await client.response();
    assertEquals([statusOf(response), field(response, "content-length")], [200, "2"]);
  };
  await ask();
  const status = await balancer.until((one) =>
    certificateOf(one, "a.test")?.fingerprint !== before
  );
  assertNotEquals(certificateOf(status, "a.test")?.fingerprint, null);
  await ask();
  assertMatch(await curl(authority, "a.test", balancer.tlsPort), /^ok$/);
});

test("of two balancers with a store one orders, and both answer and present", async () => {
  const [port, other] = [freePort(), freePort()];
  // The authority asks the balancer that does not order.
  await using authority = await Pebble.prepare({ httpPort: other });
  await using replica = new RawUpstream(() => OK);
  const store = `${authority.folder}/store`;
  await Deno.mkdir(store, { mode: 0o700 });
  const { LB_STATE_FILE: _, ...env } = settings(authority, port, replica.address);
  const shared = { ...env, LB_STORE: `file:${store}`, LB_LEASE_MS: "1500" };
  await using first = await Balancer.start(shared);
  await using second = await Balancer.start({ ...shared, LB_PORT: String(other) });
  await authority.run();
  const fingerprints = [await issued(first), await issued(second)];
  assertEquals(fingerprints[0], fingerprints[1]);
  for (const { tlsPort } of [first, second]) {
    assertMatch(await curl(authority, "a.test", tlsPort), /^ok$/);
  }
  assertEquals([...new Set(await modesBelow(store))], ["600"]);
  const orders = await Promise.all([first, second].map(async (one) => {
    const metrics = await (await one.fetch("/_lb/metrics")).text();
    return /^ringkeeper_acme_orders_total\{result="issued"\} (\d)$/m.exec(metrics)?.[1];
  }));
  assertEquals(orders, ["1", "0"]);
});
