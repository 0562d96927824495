import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { makePair, openssl, readPair } from "../../../tests/harness/certificates.ts";
import { PERMITTED, systemTest as test } from "../../../tools/test/needs.ts";
import { BufferPool } from "./buffers.ts";
import { CertificateTable } from "./certificate_table.ts";
import { Connection } from "./connection.ts";
import { socketOf } from "./socket.ts";
import { secureDocumented } from "./tls_fallback.ts";
import { HandshakeError, secure, type Secured } from "./tls_handshake.ts";

const folder = PERMITTED ? await Deno.makeTempDir() : "";
test.afterAll(() => Deno.remove(folder, { recursive: true }));

/** A TLS server on a free port; each call takes one connection through its handshake. */
async function server({ strict = false, protocols = ["http/1.1"], take = secure } = {}) {
  const names = { "a.test": ["a.test"], "b.test": ["b.test", "*.b.test"] };
  const certificates = await Promise.all(
    Object.entries(names).map(async ([name, names]) => ({
      ...await readPair(await makePair(folder, name, { names })),
      names,
    })),
  );
  const table = new CertificateTable(certificates, strict);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accept = async (): Promise<Secured & { readonly wire: Connection }> => {
    const connection = await listener.accept();
    try {
      const secured = await take({ connection, socket: socketOf(connection) }, {
        identity: (name) => table.find(name),
        protocols,
        turn: () => undefined,
        admit: () => undefined,
      });
      const buffers = new BufferPool();
      const wire = new Connection(secured.stream, buffers, "client", undefined, secured.socket);
      return { ...secured, wire };
    } catch (error) {
      connection.close();
      throw error;
    }
  };
  const { port } = listener.addr;
  const connect = (serverName: string, alpnProtocols = ["http/1.1"]) =>
    Deno.connectTls({
      hostname: "127.0.0.1",
      port,
      caCerts: certificates.map(({ cert }) => cert),
      alpnProtocols,
      unsafelyDisableHostnameVerification: true,
      ...{ serverName },
    } as Deno.ConnectTlsOptions);
  return { port, accept, connect, certificates, [Symbol.dispose]: () => listener.close() };
}

/** Output of `openssl s_client` about a connection that it ends at once. */
function sClient(port: number, ...options: string[]): Promise<string> {
  return openssl(["s_client", "-connect", `127.0.0.1:${port}`, ...options]);
}

async function echoAll({ wire }: { readonly wire: Connection }): Promise<void> {
  using reader = wire.reader();
  while (await reader.read()) {
    await wire.write(wire.bytes.slice(wire.start, wire.end));
    wire.start = wire.end;
  }
  wire.close();
}

test("the certificate follows the name: exact, wildcard of one label, default", async () => {
  using tls = await server();
  const cases = [
    ["a.test", "a.test"],
    ["B.Test", "b.test"],
    ["x.b.test", "b.test"],
    ["x.y.b.test", "a.test"],
    ["c.test", "a.test"],
    ["", "a.test"],
  ];
  for (const [name = "", expected] of cases) {
    const served = tls.accept().then(echoAll);
    const shown = await sClient(
      tls.port,
      ...(name === "" ? ["-noservername"] : ["-servername", name]),
    );
    assertMatch(shown, new RegExp(`subject=CN = ${expected}\n`), `for ${name}`);
    await served;
  }
});

test("strict: a client with an unknown name, or with none, gets an alert", async () => {
  using tls = await server({ strict: true });
  for (const name of [["-servername", "c.test"], ["-noservername"]]) {
    const refused = assertRejects(() => tls.accept(), HandshakeError, "no certificate");
    const { message } = await assertRejects(() => sClient(tls.port, ...name), Error);
    assertMatch(message, /alert unrecognized name|unrecognized_name|alert number 112/i);
    await refused;
  }
});

test("TLS 1.2 and 1.3 are spoken, older versions are refused", async () => {
  using tls = await server();
  for (const version of ["1_2", "1_3"]) {
    const served = tls.accept().then(async (one) => {
      await echoAll(one);
      return one.session.version;
    });
    await sClient(tls.port, `-tls${version}`);
    assertEquals(await served, `TLSv${version.replace("_", ".")}`);
  }
  const refused = assertRejects(() => tls.accept(), HandshakeError);
  await assertRejects(() => sClient(tls.port, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"));
  await refused;
});

test("the application protocol is the server's first that the client offers", async () => {
  using tls = await server({ protocols: ["h2", "http/1.1"] });
  for (const [offered, chosen] of [["http/1.1,h2", "h2"], ["http/1.1", "http/1.1"]]) {
    const served = tls.accept().then(async (one) => {
      await echoAll(one);
      return one.session.protocol;
    });
    await sClient(tls.port, "-alpn", offered!);
    assertEquals(await served, chosen);
  }
  const refused = assertRejects(() => tls.accept(), HandshakeError, "no common protocol");
  await assertRejects(() => sClient(tls.port, "-alpn", "acme-tls/1"), Error, "120");
  await refused;
});

test("a session is resumed by its ticket, in both versions", async () => {
  using tls = await server();
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const file = `${folder}/session${version}.pem`;
    const once = async (...options: string[]) => {
      const served = tls.accept().then(async ({ wire, session }) => {
        await wire.write(new TextEncoder().encode("hello"));
        wire.close();
        return session.resumed;
      });
      // With -ign_eof it reads to the end, and so the tickets.
      await sClient(tls.port, version, "-ign_eof", "-servername", "a.test", ...options);
      return await served;
    };
    assertEquals(await once("-sess_out", file), false);
    assertEquals(await once("-sess_in", file), true, version);
  }
});

const WAYS = { "the internal handle": secure, "the documented interface": secureDocumented };
for (const [way, take] of Object.entries(WAYS)) {
  test(`${way}: bytes of any length cross, and close_notify ends each side`, async () => {
    using tls = await server({ take });
    const accepted = tls.accept();
    const client = await tls.connect("a.test");
    const { wire } = await accepted;
    const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
    const sent = wire.write(bytes);
    const received = new Uint8Array(bytes.length);
    for (let at = 0; at < received.length;) at += await client.read(received.subarray(at)) ?? 0;
    await sent;
    assertEquals(received.every((byte, at) => byte === bytes[at]), true);
    const writing = (async () => {
      for (let at = 0; at < bytes.length;) at += await client.write(bytes.subarray(at));
      await client.closeWrite();
    })();
    using reader = wire.reader();
    let count = 0;
    do {
      count += wire.unread;
      wire.start = wire.end;
      if (wire.end === wire.bytes.length) wire.makeRoom();
    } while (await reader.read());
    await writing;
    assertEquals(count, bytes.length);
    await wire.closeWrite();
    assertEquals(await client.read(new Uint8Array(1)), null);
    wire.close();
    client.close();
  });

  test(`${way}: a connection that is closed at once after an answer ends with close_notify`, async () => {
    using tls = await server({ take });
    const served = tls.accept().then(async ({ wire }) => {
      await wire.write(new TextEncoder().encode("bye"));
      wire.close();
    });
    const client = await tls.connect("a.test");
    const bytes = new Uint8Array(8);
    assertEquals(await client.read(bytes), 3);
    // Without close_notify this would be an error.
    assertEquals(await client.read(bytes), null);
    client.close();
    await served;
  });

  test(`${way}: name, protocol and version are chosen, and a plain client is told apart`, async () => {
    using tls = await server({ take, strict: true, protocols: ["h2", "http/1.1"] });
    const served = tls.accept().then(async (one) => {
      await echoAll(one);
      return [one.session.protocol, one.session.version, one.serverName];
    });
    const options = ["-servername", "x.b.test", "-alpn", "http/1.1"];
    assertMatch(await sClient(tls.port, ...options), /subject=CN = b.test/);
    assertEquals(await served, ["http/1.1", "TLSv1.3", "x.b.test"]);
    const refused = assertRejects(() => tls.accept(), HandshakeError);
    await assertRejects(() => sClient(tls.port, "-servername", "c.test", "-alpn", "h2"));
    await refused;
    using client = await Deno.connect({ hostname: "127.0.0.1", port: tls.port });
    await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assertEquals((await assertRejects(() => tls.accept(), HandshakeError)).fault, "plain");
  });
}
