import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { makePair, openssl, readPair } from "../../../tests/harness/certificates.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";
import { socketOf } from "../transport/socket.ts";
import { type ClientIdentity, HandshakeError, secure } from "../transport/tls_handshake.ts";
import { ClientCertificates } from "./client_certificates.ts";

const VERSIONS = ["-tls1_2", "-tls1_3"];

/** A listener whose connections are judged by the certificates that each call names. */
async function harness() {
  const folder = await Deno.makeTempDir();
  const authority = await makePair(folder, "ca", { authority: true });
  const stranger = await makePair(folder, "stranger", { authority: true });
  const known = await makePair(folder, "known", {
    signer: authority,
    names: ["known"],
    subject: "/O=Example\\, Inc./CN=known",
  });
  const unknown = await makePair(folder, "unknown", { signer: stranger });
  const pair = await readPair(await makePair(folder, "a.test"));
  const demand = async (required: boolean, file = authority.cert) =>
    new ClientCertificates({ ca: await Deno.readTextFile(file), required });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accept = async (clients: ClientCertificates | undefined) => {
    const connection = await listener.accept();
    try {
      const secured = await secure({ connection, socket: socketOf(connection) }, {
        identity: () => ({ ...pair, clients: clients?.demand }),
        admit: (_identity, peer) => clients?.admit(peer),
        protocols: [],
        turn: () => undefined,
      });
      await secured.stream.write(new TextEncoder().encode("hello"));
      secured.stream.close();
      return { client: secured.client, resumed: secured.session.resumed };
    } catch (error) {
      connection.close();
      throw error;
    }
  };
  /** One connection of openssl; `false` if the client was refused. */
  const connect = async (
    clients: ClientCertificates | undefined,
    ...options: string[]
  ): Promise<{ client: ClientIdentity | undefined; resumed: boolean } | false> => {
    const accepted = accept(clients).catch((error) => {
      if (error instanceof HandshakeError && error.fault !== "ended") return false as const;
      throw error;
    });
    const at = `127.0.0.1:${listener.addr.port}`;
    // It fails where the client is refused, which the other side tells better.
    await openssl(["s_client", "-connect", at, "-ign_eof", ...options]).catch(() => "");
    return await accepted;
  };
  const dispose = async () => {
    listener.close();
    await Deno.remove(folder, { recursive: true });
  };
  return { folder, known, unknown, stranger, demand, connect, [Symbol.asyncDispose]: dispose };
}

const present = ({ cert, key }: { cert: string; key: string }) => ["-cert", cert, "-key", key];

test("a client is known by a certificate of the authority, and by no other", async () => {
  await using one = await harness();
  for (const version of VERSIONS) {
    for (const required of [true, false]) {
      const clients = await one.demand(required);
      const known = await one.connect(clients, version, ...present(one.known));
      if (!known) throw new Error("refused");
      assertEquals(known.client?.subject, "CN=known,O=Example\\, Inc.");
      assertMatch(known.client?.fingerprint ?? "", /^[0-9a-f]{64}$/);
      assertEquals(await one.connect(clients, version, ...present(one.unknown)), false);
      const without = await one.connect(clients, version);
      assertEquals(without, required ? false : { client: undefined, resumed: false });
    }
  }
});

test("a refused client gets no session ticket", async () => {
  await using one = await harness();
  const clients = await one.demand(true);
  for (const version of VERSIONS) {
    const file = `${one.folder}/refused${version}`;
    assertEquals(
      await one.connect(clients, version, ...present(one.unknown), "-sess_out", file),
      false,
    );
    await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
  }
});

test("a ticket opens only the port that verified its certificate", async () => {
  await using one = await harness();
  for (const version of VERSIONS) {
    const strict = await one.demand(true);
    // A ticket of a port of the same thread that asks for no certificate.
    const forged = `${one.folder}/forged${version}`;
    const open = await one.connect(undefined, version, "-sess_out", forged);
    assertEquals(open, { client: undefined, resumed: false });
    assertEquals(await one.connect(strict, version, "-sess_in", forged), false);
    // A ticket of a client whose certificate another authority signed, at its own port.
    const other = await one.demand(true, one.stranger.cert);
    const foreign = `${one.folder}/foreign${version}`;
    const accepted = await one.connect(
      other,
      version,
      ...present(one.unknown),
      "-sess_out",
      foreign,
    );
    assertEquals(accepted && accepted.client?.subject, "CN=unknown");
    assertEquals(await one.connect(strict, version, "-sess_in", foreign), false);
    // A ticket of a client that was verified here.
    const own = `${one.folder}/own${version}`;
    const first = await one.connect(strict, version, ...present(one.known), "-sess_out", own);
    const again = await one.connect(strict, version, "-sess_in", own);
    assertEquals(again, first && { client: first.client, resumed: true });
  }
});
