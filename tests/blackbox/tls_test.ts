import { assert, assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { makePair, openssl } from "../harness/certificates.ts";
import {
  field,
  get,
  RawBalancer,
  RawConnection,
  RawUpstream,
  statusOf,
  within,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Answers with the fields of the request; `/big` with a megabyte, `/ws` with a tunnel that echoes. */
function upstream(): RawUpstream {
  return new RawUpstream(async (request, connection) => {
    if (request.line.includes(" /big ")) {
      return `HTTP/1.1 200 OK\r\nContent-Length: ${BIG}\r\n\r\n${"x".repeat(BIG)}`;
    }
    if (request.line.includes(" /ws ")) {
      await connection.send(SWITCHED);
      return undefined;
    }
    const names = ["x-client-cert-subject", "x-client-cert-fingerprint"];
    if (request.line.includes(" /who ")) {
      const who = names.map((name) => field(request, name) ?? "none").join(" ");
      return `HTTP/1.1 200 OK\r\nContent-Length: ${who.length}\r\n\r\n${who}`;
    }
    const said = ["x-forwarded-proto", "x-forwarded-port", "x-forwarded-for"]
      .map((name) => field(request, name) ?? "").join(" ");
    return `HTTP/1.1 200 OK\r\nContent-Length: ${said.length}\r\n\r\n${said}`;
  });
}

const BIG = 1024 * 1024;

/** The answer to an upgrade, a text frame, and a frame that ends the WebSocket. */
const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05hello\x88\x02\x03\xe8";

interface Served extends AsyncDisposable {
  readonly balancer: Balancer;
  readonly folder: string;
  readonly tlsPort: number;
  readonly upstream: RawUpstream;
  /** Runs curl against the TLS port under a name, and returns its output. */
  curl(host: string, path: string, ...options: string[]): Promise<string>;
}

/** A balancer with certificates for a.test (EC, the default) and b.test with a wildcard (RSA). */
async function serve(env: Record<string, string> = {}): Promise<Served> {
  const folder = await Deno.makeTempDir();
  await makePair(folder, "default", { names: ["a.test"] });
  await makePair(folder, "b", { names: ["b.test", "*.b.test"], kind: "rsa" });
  const replica = upstream();
  const balancer = await Balancer.start({
    LB_ENGINE: "static",
    LB_UPSTREAMS: replica.address,
    LB_HEALTH_PATH: "",
    LB_WORKERS: "2",
    LB_TLS_PORT: "0",
    LB_TLS_CERTIFICATES: folder,
    ...env,
  });
  const tlsPort = balancer.tlsPort;
  const curl = async (host: string, path: string, ...options: string[]) => {
    const { stdout, stderr, success } = await new Deno.Command("curl", {
      args: [
        "-sS",
        "--max-time",
        "20",
        "--cacert",
        `${folder}/${host.endsWith("b.test") ? "b" : "default"}.pem`,
        "--resolve",
        `${host}:${tlsPort}:127.0.0.1`,
        ...options,
        `https://${host}:${tlsPort}${path}`,
      ],
    }).output();
    const text = new TextDecoder();
    return success ? text.decode(stdout) : `failed: ${text.decode(stderr)}`;
  };
  const dispose = async () => {
    await balancer[Symbol.asyncDispose]();
    await replica[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  return { balancer, folder, tlsPort, upstream: replica, curl, [Symbol.asyncDispose]: dispose };
}

test("clients are served over TLS", async (t) => {
  const served = await serve({
    LB_TLS_HSTS: "max-age=600",
    LB_ADMIN_TLS: "on",
    LB_ADMIN_LISTEN: "0.0.0.0:0",
  });
  await t.step("each gets the certificate of the name that it asks for", async () => {
    const { curl, tlsPort, balancer } = served;
    for (const host of ["a.test", "b.test", "x.b.test"]) {
      for (const version of ["--tls-max 1.2", "--tlsv1.3"]) {
        assertEquals(await curl(host, "/", ...version.split(" ")), `https ${tlsPort} 127.0.0.1`);
      }
    }
    assertMatch(await curl("y.x.b.test", "/"), /^failed: .*(subject name|SSL)/);
    const head = await curl("a.test", "/", "-i");
    assertMatch(head, /\r\nstrict-transport-security: max-age=600\r\n/i);
    assertEquals((await curl("a.test", "/big")).length, BIG);
    const version = ["-o", "/dev/null", "-w", "%{http_version}"];
    assertEquals(await curl("a.test", "/", "--http2", ...version), "2");
    assertEquals(await curl("a.test", "/", "--http1.1", ...version), "1.1");
    const posted = await curl("a.test", "/", "--data-binary", `@${served.folder}/b.pem`);
    assertEquals(posted, `https ${tlsPort} 127.0.0.1`);
    // The plain port is unchanged and does not mention TLS.
    const plain = await fetch(`${balancer.url}/`);
    assertEquals(plain.headers.get("strict-transport-security"), null);
    assertMatch(await plain.text(), /^http \d+ 127\.0\.0\.1$/);
  });
  await t.step("HTTP without TLS on the port is answered 400 with the reason", async () => {
    using client = await RawConnection.to(served.tlsPort);
    await client.send(get());
    const { text } = await client.rest();
    assertMatch(text, /^HTTP\/1\.1 400 Bad Request\r\n[^]*this port speaks TLS; use https:\/\//);
    assertEquals(/Strict-Transport/.test(text), false, "RFC 6797, section 7.2");
  });
  await t.step("a WebSocket crosses TLS", async () => {
    const answer = await served.curl(
      "a.test",
      "/ws",
      "-i",
      "-N",
      "--http1.1",
      "-H",
      "Connection: Upgrade",
      "-H",
      "Upgrade: websocket",
      "-H",
      "Sec-WebSocket-Version: 13",
      "-H",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    );
    assertMatch(answer, /^HTTP\/1\.1 101 [^]*\r\n\r\n.{2}hello/);
  });
  await t.step("the API's own port speaks TLS, and HTTP to this machine alone", async () => {
    const { port } = new URL(served.balancer.own);
    const options = ["-k", "-sS", "--max-time", "20"];
    const ask = async (url: string) => {
      const { stdout } = await new Deno.Command("curl", { args: [...options, url] }).output();
      return new TextDecoder().decode(stdout);
    };
    assertMatch(await ask(`https://127.0.0.1:${port}/_lb/healthz`), /"status":"ok"/);
    assertMatch(await ask(`http://127.0.0.1:${port}/_lb/healthz`), /"status":"ok"/);
    const outer = Deno.networkInterfaces().find(({ family, address }) =>
      family === "IPv4" && !address.startsWith("127.")
    );
    if (!outer) return;
    assertMatch(await ask(`http://${outer.address}:${port}/_lb/healthz`), /this port speaks TLS/);
  });

  await t.step(
    "files are swapped without a lost connection, and a bad pair changes nothing",
    async () => {
      const { curl, folder, tlsPort, balancer } = served;
      const shown = async () =>
        /subject=.*/.exec(
          await openssl(["s_client", "-connect", `127.0.0.1:${tlsPort}`, "-servername", "a.test"]),
        )?.[0];
      const kept = await Deno.connectTls({
        hostname: "127.0.0.1",
        port: tlsPort,
        caCerts: [await Deno.readTextFile(`${folder}/default.pem`)],
        unsafelyDisableHostnameVerification: true,
      });
      const client = new RawConnection(kept);
      const before = await balancer.status();
      assertEquals(before.certificates.map(({ name, fault }) => [name, fault]), [
        ["default", null],
        ["b", null],
      ]);
      await Deno.writeTextFile(`${folder}/default.key`, "no key");
      const faulty = await balancer.until(({ certificates }) => certificates[0]?.fault !== null);
      assertMatch(
        faulty.certificates[0]?.fault ?? "",
        /default\.key: holds no private key in PEM$/,
      );
      assertMatch(await curl("a.test", "/"), /^https/);
      await Deno.mkdir(`${folder}/next`);
      await makePair(`${folder}/next`, "default", { names: ["a.test"], subject: "/CN=second" });
      let lost = 0;
      let asked = 0;
      let swapped = false;
      const load = (async () => {
        while (!swapped) {
          const answer = await curl("a.test", "/", "-k");
          asked++;
          if (!answer.startsWith("https ")) lost++;
        }
      })();
      for (const file of ["default.pem", "default.key"]) {
        await Deno.rename(`${folder}/next/${file}`, `${folder}/${file}`);
      }
      const after = await balancer.until(({ certificates }) =>
        certificates[0]?.fault === null &&
        certificates[0]?.fingerprint !== before.certificates[0]?.fingerprint
      );
      while (!/CN = second/.test(await shown() ?? ""));
      swapped = true;
      await load;
      assert(asked > 0);
      assertEquals(lost, 0);
      assertEquals(after.certificates[0]?.daysLeft, 29);
      await client.send(get());
      assertMatch((await client.response()).body, /^https/, "the connection from before lives on");
      client[Symbol.dispose]();
    },
  );
  await t.step(
    "a drain ends idle connections with close_notify, and the balancer ends",
    async () => {
      const client = await Deno.connectTls({
        hostname: "127.0.0.1",
        port: served.tlsPort,
        caCerts: [await Deno.readTextFile(`${served.folder}/default.pem`)],
        unsafelyDisableHostnameVerification: true,
      });
      const raw = new RawConnection(client);
      await raw.send(get());
      await raw.response();
      const disposed = served[Symbol.asyncDispose]();
      assertEquals((await within("the end", raw.rest())).text, "");
      await disposed;
    },
  );
});

test("names and handshakes are bounded", async (t) => {
  await using served = await serve({
    LB_TLS_STRICT_SNI: "true",
    LB_HEAD_TIMEOUT_MS: "1000",
    LB_TLS_MAX_HANDSHAKES: "4",
    LB_WORKERS: "1",
  });
  await t.step("strict: without the name of a certificate there is no handshake", async () => {
    const { curl, tlsPort, balancer } = served;
    assertEquals(await curl("a.test", "/"), `https ${tlsPort} 127.0.0.1`);
    assertMatch(await curl("c.test", "/", "-k"), /^failed: .*unrecognized name/);
    const { failures } = await balancer.status();
    assertEquals(Object.keys(failures), [], "a client's fault is no failure of the balancer");
    const metrics = await (await balancer.fetch("/_lb/metrics")).text();
    assertMatch(metrics, /^ringkeeper_tls_handshakes_total\{end="name"\} 1$/m);
  });
  await t.step("a handshake has a deadline, and one address a bounded number of them", async () => {
    using slow = await RawConnection.to(served.tlsPort);
    await slow.send("\x16\x03\x01");
    using second = await RawConnection.to(served.tlsPort);
    assertEquals((await within("the close", second.rest())).text, "", "a quarter of four is one");
    assertEquals((await within("the deadline", slow.rest())).text, "");
    assertMatch(await served.curl("a.test", "/"), /^https/);
    const metrics = await (await served.balancer.fetch("/_lb/metrics")).text();
    for (const end of ["late", "crowded"]) {
      assertMatch(
        metrics,
        new RegExp(`^ringkeeper_tls_handshakes_total\\{end="${end}"\\} 1$`, "m"),
      );
    }
    assertMatch(metrics, /^ringkeeper_tls_certificate_not_after_seconds\{certificate="b"\} \d+$/m);
  });
});

test("silent clients of several addresses do not close the port to others", async () => {
  await using served = await serve({
    LB_TLS_MAX_HANDSHAKES: "8",
    LB_HEAD_TIMEOUT_MS: "600000",
    LB_WORKERS: "1",
  });
  const { tlsPort, curl, balancer } = served;
  const silent = await silentClients(tlsPort, ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]);
  try {
    const crowded = async () => {
      const metrics = await (await balancer.fetch("/_lb/metrics")).text();
      return Number(/^ringkeeper_tls_handshakes_total\{end="crowded"\} (\d+)$/m.exec(metrics)?.[1]);
    };
    // Until they are idle, the port is full.
    let answer = await curl("a.test", "/");
    for (const deadline = Date.now() + 30_000; answer.startsWith("failed");) {
      assert(Date.now() < deadline, answer);
      answer = await curl("a.test", "/");
    }
    assertMatch(answer, /^https/);
    assert(await crowded() > 0);
  } finally {
    await silent[Symbol.asyncDispose]();
  }
});

/** Two connections from each address, which send nothing until they are disposed of. */
async function silentClients(port: number, from: readonly string[]): Promise<AsyncDisposable> {
  const script = `import socket, sys
open = [socket.create_connection(('127.0.0.1', ${port}), source_address=(a, 0))
        for a in sys.argv[1:] for _ in range(2)]
print('open', flush=True)
sys.stdin.read()`;
  const process = new Deno.Command("python3", {
    args: ["-c", script, ...from],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = process.stdout.getReader();
  await within("the connections", output.read());
  return {
    async [Symbol.asyncDispose]() {
      await process.stdin.close();
      await output.cancel();
      await process.status;
    },
  };
}

test("requests without TLS are redirected, and a PROXY head comes before TLS", async (t) => {
  await using served = await serve({
    LB_TLS_REDIRECT: "8443",
    LB_PROXY_PROTOCOL: "on",
    LB_TRUSTED_PROXIES: "127.0.0.0/8",
    LB_PUBLIC_API: "none",
  });
  await t.step("but for challenges, and for what came to a proxy by TLS", async () => {
    const plain = new RawBalancer(served.balancer);
    const location = async (request: string) => {
      using client = await plain.connect();
      await client.send(`PROXY UNKNOWN\r\n${request}`);
      const response = await client.response();
      return [statusOf(response), field(response, "location")];
    };
    const redirected = [308, "https://a.example:8443/x?y=1"];
    assertEquals(await location("GET /x?y=1 HTTP/1.1\r\nHost: a.example:80\r\n\r\n"), redirected);
    assertEquals(
      await location("POST /x?y=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\nz"),
      redirected,
    );
    assertEquals(await location("GET / HTTP/1.0\r\n\r\n"), [400, undefined]);
    const challenge = "GET /.well-known/acme-challenge/t HTTP/1.1\r\nHost: a.example\r\n";
    assertEquals((await location(`${challenge}\r\n`))[0], 200);
    const proxied = "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Proto: https\r\n";
    assertEquals((await location(`${proxied}\r\n`))[0], 200);
  });
  await t.step("the PROXY head", async () => {
    const { curl, tlsPort } = served;
    assertEquals(await curl("a.test", "/", "--haproxy-protocol"), `https ${tlsPort} 127.0.0.1`);
    assertMatch(await curl("a.test", "/"), /^failed/);
  });
});

test("replicas are told the client's certificate, in fields that clients cannot forge", async () => {
  const folder = await Deno.makeTempDir();
  const ca = await makePair(folder, "ca", { authority: true });
  const known = await makePair(folder, "known", { signer: ca });
  const stranger = await makePair(folder, "stranger");
  await using served = await serve({
    LB_TLS_CLIENT_CA: ca.cert,
    LB_TLS_CLIENT_AUTH: "request",
  });
  const forged = ["-H", "X-Client-Cert-Subject: CN=root", "-H", "x_client-cert.fingerprint: 00"];
  const ask = (...options: string[]) => served.curl("a.test", "/who", ...forged, ...options);
  const who = await ask("--cert", known.cert, "--key", known.key);
  assertMatch(who, /^CN=known [0-9a-f]{64}$/);
  assertEquals(await ask(), "none none");
  assertMatch(await ask("--cert", stranger.cert, "--key", stranger.key), /^failed: /);
  const plain = await fetch(`${served.balancer.url}/who`, {
    headers: { "x-client-cert-subject": "CN=root" },
  });
  assertEquals(await plain.text(), "none none");
  const metrics = await (await served.balancer.fetch("/_lb/metrics")).text();
  assertMatch(metrics, /^ringkeeper_tls_handshakes_total\{end="certificate"\} 1$/m);
  await Deno.remove(folder, { recursive: true });
});

test("the access log knows protocol, version of TLS, server name and stream", async () => {
  const served = await serve({ LB_ACCESS_LOG: "full", LB_LOG_FORMAT: "json" });
  await served.curl("a.test", "/one", "--http1.1", "--tls-max", "1.2");
  await served.curl("b.test", "/two", "--http2");
  await (await fetch(`${served.balancer.url}/three`)).body?.cancel();
  const { output } = await served.balancer.end("SIGTERM");
  const lines = output.split("\n").filter((line) => line.includes("ringkeeper.access"));
  const names = [
    ...["network.protocol.version", "url.scheme", "tls.protocol.version"],
    ...["tls.client.server_name", "ringkeeper.stream"],
  ];
  const facts = ["/one", "/two", "/three"].map((path) => {
    const line = JSON.parse(lines.find((one) => one.includes(`"${path}"`)) ?? "{}");
    return names.map((name) => line[name]);
  });
  assertEquals(facts, [
    ["1.1", "https", "1.2", "a.test", undefined],
    ["2", "https", "1.3", "b.test", 1],
    ["1.1", undefined, undefined, undefined, undefined],
  ]);
  await served[Symbol.asyncDispose]();
});

test("metrics know the version of TLS, the protocol and the kind of name; explain the certificate", async () => {
  await using served = await serve();
  const { curl, balancer } = served;
  await curl("a.test", "/", "--http1.1", "--tls-max", "1.2");
  await curl("x.b.test", "/", "--http2");
  await curl("c.test", "/", "--http2", "-k");
  const metrics = await (await balancer.fetch("/_lb/metrics")).text();
  const counts = (name: string) =>
    Object.fromEntries(
      metrics.matchAll(new RegExp(`^ringkeeper_${name}_total\\{(.*)\\} (\\d+)$`, "gm"))
        .map(([, labels, count]) => [labels, Number(count)]),
    );
  assertEquals(counts("tls_connections"), {
    'version="1.2",protocol="http/1.1"': 1,
    'version="1.2",protocol="h2"': 0,
    'version="1.3",protocol="http/1.1"': 0,
    'version="1.3",protocol="h2"': 2,
  });
  assertEquals(counts("tls_server_names"), {
    'name="known"': 2,
    'name="unknown"': 1,
    'name="none"': 0,
  });
  const entry = async (host: string) => {
    const { body } = await balancer.call("GET", `/_lb/explain?key=a&host=${host}`);
    const { tls } = (body as { entry: { tls: { match: string; certificate: string[] } } }).entry;
    return [tls.match, tls.certificate];
  };
  assertEquals(await entry("x.b.test"), ["name", ["b.test", "*.b.test"]]);
  assertEquals(await entry("c.test"), ["default", ["a.test"]]);
});
