import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  makeExpiredPair,
  makePair,
  openssl,
  readPair,
} from "../../../tests/harness/certificates.ts";
import { within } from "../../../tests/harness/raw.ts";
import { PERMITTED, systemTest as test } from "../../../tools/test/needs.ts";
import { HandshakeTurns } from "./handshake_turns.ts";
import { socketOf } from "./socket.ts";
import { DEFAULT_TRUST, TlsClient, TlsClientError, type UpstreamTrust } from "./tls_client.ts";
import type { ServerIdentity } from "./tls_facts.ts";
import { type Peer, secure, type Secured } from "./tls_handshake.ts";
import { TruncatedError } from "./tls_stream.ts";

const folder = PERMITTED ? await Deno.makeTempDir() : "";
test.afterAll(() => Deno.remove(folder, { recursive: true }));

/** An authority and a pair for up.test that it signed, both as text. */
async function authority() {
  const signer = await makePair(folder, "authority", { authority: true });
  const ca = await Deno.readTextFile(signer.cert);
  const names = ["up.test", "*.wild.test", "IP:127.0.0.1"];
  const identity = await readPair(await makePair(folder, "up", { names, signer }));
  return { signer, ca, identity };
}

interface Parts {
  readonly trust?: Partial<UpstreamTrust>;
  readonly host?: string;
  readonly identity: ServerIdentity;
  /** The certificate of the client is judged. */
  readonly admit?: (peer: Peer) => undefined;
}

/** A connection over TLS, with both of its ends. */
async function connect({ trust, host = "up.test", identity, admit = () => undefined }: Parts) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accept = async (): Promise<Secured & { readonly connection: Deno.TcpConn }> => {
    const connection = await listener.accept();
    const secured = await secure({ connection, socket: socketOf(connection) }, {
      identity: () => identity,
      protocols: ["h2", "http/1.1"],
      turn: () => undefined,
      admit: (_identity, peer) => admit(peer),
    }).catch((error) => {
      connection.close();
      throw error;
    });
    return { ...secured, connection };
  };
  const { hostname, port } = listener.addr;
  const client = new TlsClient({ ...DEFAULT_TRUST, ...trust }, new HandshakeTurns());
  const signal = AbortSignal.timeout(60_000);
  const dial = async () => client.secure(await Deno.connect({ hostname, port }), host, signal);
  const [server, secured] = await Promise.allSettled([accept(), dial()]);
  listener.close();
  if (secured.status === "rejected") {
    if (server.status === "fulfilled") server.value.stream.close();
    throw secured.reason;
  }
  if (server.status === "rejected") throw server.reason;
  const { stream, connection } = server.value;
  let isOpen = true;
  /** Ends the server's side without close_notify. */
  const cut = () => {
    isOpen = false;
    connection.close();
  };
  const close = () => {
    secured.value.stream.close();
    if (isOpen) stream.close();
  };
  return { server: server.value, ...secured.value, cut, [Symbol.dispose]: close };
}

async function refusal(parts: Parts): Promise<string> {
  const error = await assertRejects(() => connect(parts), TlsClientError);
  return `${error.fault}: ${error.message}`;
}

test("a replica is trusted by its authority and its name", async () => {
  const { ca, identity } = await authority();
  for (const host of ["up.test", "UP.test", "x.wild.test", "127.0.0.1"]) {
    using one = await connect({ trust: { ca }, host, identity });
    assertEquals(one.session, { version: "TLSv1.3", protocol: "http/1.1", resumed: false });
    const named = ["127.0.0.1"].includes(host) ? "" : host.toLowerCase();
    assertEquals(one.server.serverName.toLowerCase(), named);
  }
  using named = await connect({ trust: { ca, serverName: "up.test" }, host: "10.1.1.1", identity });
  assertEquals(named.server.serverName, "up.test");
});

test("no session is resumed, since a resumption would skip the verification", async () => {
  const { ca, identity } = await authority();
  for (let i = 0; i < 3; i++) {
    using one = await connect({ trust: { ca }, identity });
    await one.server.socket.write(new Uint8Array(1));
    await one.stream.read(new Uint8Array(8));
    assertEquals(one.server.session.resumed, false);
  }
});

test("a certificate for other names is refused", async () => {
  const { ca, identity } = await authority();
  const other = await readPair(
    await makePair(folder, "tricky", {
      subject: "/CN=other.test",
      names: ["fine.test", "email:a@other.test"],
      signer: (await authority()).signer,
    }),
  );
  for (const host of ["other.test", "x.y.wild.test", "wild.test", "10.1.1.1"]) {
    assertEquals(
      await refusal({ trust: { ca }, host, identity }),
      `name: TLS: the certificate is not for ${host}`,
    );
  }
  const trust = { ca: (await authority()).ca };
  assertMatch(await refusal({ trust, host: "other.test", identity: other }), /certificate/);
});

test("an unknown authority, an end of validity and a self-signed certificate are refused", async () => {
  const { signer, ca, identity } = await authority();
  const stranger = await readPair(await makePair(folder, "stranger", { authority: true }));
  assertEquals(
    await refusal({ trust: { ca: stranger.cert }, identity }),
    "certificate: TLS: no trusted authority signed the certificate, or it has expired",
  );
  assertMatch(await refusal({ identity }), /^certificate: /);
  const expired = await readPair(await makeExpiredPair(folder, "up.test", signer));
  assertMatch(await refusal({ trust: { ca }, identity: expired }), /^certificate: .*expired/);
  const own = await readPair(await makePair(folder, "own", { names: ["up.test"] }));
  assertMatch(await refusal({ trust: { ca }, identity: own }), /^certificate: /);
  using trusted = await connect({ trust: { ca: own.cert }, identity: own });
  assert(trusted.session.version);
});

test("without verification any certificate is taken", async () => {
  const { identity } = await authority();
  using one = await connect({ trust: { verify: false }, host: "other.test", identity });
  assertEquals(one.session.version, "TLSv1.3");
});

test("the balancer shows its certificate", async () => {
  const { signer, ca, identity } = await authority();
  const pair = await readPair(await makePair(folder, "balancer", { signer }));
  const clients = { ca, required: true };
  const seen: Peer[] = [];
  const admit = (peer: Peer) => void seen.push(peer);
  using _one = await connect({ trust: { ca, pair }, identity: { ...identity, clients }, admit });
  assertEquals([seen[0]?.error, seen[0]?.certificate !== undefined], ["", true]);
});

test("an end without close_notify is an error, one with it is an end", async () => {
  const { ca, identity } = await authority();
  for (const polite of [true, false]) {
    using one = await connect({ trust: { ca }, identity });
    await one.server.socket.write(new TextEncoder().encode("hello"));
    const buffer = new Uint8Array(64);
    assertEquals(await one.stream.read(buffer), 5);
    if (polite) await one.server.stream.closeWrite();
    else one.cut();
    if (polite) assertEquals(await one.stream.read(buffer), 0);
    else await assertRejects(() => one.stream.read(buffer), TruncatedError);
  }
});

/** A server that does not finish a handshake, and the client's error. */
async function withPeer(
  serve: (connection: Deno.TcpConn) => Promise<void>,
  signal = AbortSignal.timeout(60_000),
): Promise<unknown> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const client = new TlsClient(DEFAULT_TRUST, new HandshakeTurns());
  const connection = await Deno.connect({ hostname, port });
  const peer = await listener.accept();
  const served = serve(peer);
  const error = await client.secure(connection, "up.test", signal).catch((error) => error);
  await served;
  peer.close();
  return error;
}

test("a replica without TLS, and one that leaves, are named as such", async () => {
  const bytes = new Uint8Array(4096);
  const plain = await withPeer(async (peer) => {
    await peer.read(bytes);
    await peer.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  assertMatch(String(plain), /the replica answers without TLS/);
  const left = await withPeer(async (peer) => {
    await peer.read(bytes);
    await peer.closeWrite();
  });
  assertMatch(String(left), /the replica left during the handshake/);
});

test("a handshake that never ends is ended by its signal", async () => {
  const stop = new AbortController();
  const error = await within(
    "the end",
    withPeer(async (peer) => {
      const bytes = new Uint8Array(4096);
      await peer.read(bytes);
      stop.abort(new Error("too late"));
      while (await peer.read(bytes) !== null);
    }, stop.signal),
  );
  assertMatch(String(error), /too late/);
});

test("a server that speaks TLS 1.0 alone is refused", async () => {
  const { signer } = await authority();
  const pair = await makePair(folder, "old", { names: ["up.test"], signer });
  const port = freePort();
  const server = new Deno.Command("openssl", {
    args: [
      ...["s_server", "-accept", `127.0.0.1:${port}`, "-cert", pair.cert, "-key", pair.key],
      ...["-tls1", "-cipher", "ALL:@SECLEVEL=0", "-quiet"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const client = new TlsClient(DEFAULT_TRUST, new HandshakeTurns());
    const connection = await within("the server", connected(port));
    const error = await assertRejects(
      () => client.secure(connection, "up.test", AbortSignal.timeout(60_000)),
      TlsClientError,
    );
    assertEquals(error.fault, "tls");
    assertMatch(error.message, /version/i);
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Connects as soon as a server listens. */
async function connected(port: number): Promise<Deno.TcpConn> {
  for (;;) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

test("only the authorities of the file are trusted, through intermediate ones as well", async () => {
  const root = await makePair(folder, "root", { authority: true });
  const middle = await makePair(folder, "middle", { authority: true, signer: root });
  const leaf = await readPair(
    await makePair(folder, "leaf", { names: ["up.test"], signer: middle }),
  );
  const chained = { key: leaf.key, cert: leaf.cert + await Deno.readTextFile(middle.cert) };
  const ca = await Deno.readTextFile(root.cert);
  using one = await connect({ trust: { ca }, identity: chained });
  assertEquals(one.session.version, "TLSv1.3");
  const { Authorities } = await import("./authorities.ts");
  const ders = chained.cert.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g)!.map(derOf);
  assertEquals(new Authorities(ca).vouchFor(ders), true);
  assertEquals(new Authorities(ca).vouchFor(ders.slice(0, 1)), false);
  const stranger = await readPair(await makePair(folder, "stranger", { authority: true }));
  assertEquals(new Authorities(stranger.cert).vouchFor(ders), false);
  assertEquals(await openssl(["version"]).then((text) => text.startsWith("OpenSSL")), true);
});

function derOf(pem: string): Uint8Array {
  return Uint8Array.fromBase64(pem.replaceAll(/-----[^-]+-----|\s/g, ""));
}
