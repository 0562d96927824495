import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { launch } from "./conformance.ts";
import { type DockerConnection, dockerConnection } from "./docker_connection.ts";
import { DOCKER_TESTS_IGNORED, dockerHarness, SOCKET } from "./docker_harness.ts";
import { EngineError, type EngineEvent } from "./engine.ts";
import { waitFor } from "./testing.ts";
import { systemTest } from "../../tools/test/needs.ts";

const HOST = { hostname: "127.0.0.1", port: 2376 };

/** Forwards bytes to the Engine's socket, as a socket proxy does. */
function passOn(client: Socket): void {
  const engine = connect({ path: SOCKET });
  client.on("error", () => engine.destroy()).on("close", () => engine.destroy());
  engine.on("error", () => client.destroy()).on("close", () => client.destroy());
  client.pipe(engine);
  engine.pipe(client);
}

async function withProxy(server: Server, test: (port: number) => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  try {
    await test((server.address() as { port: number }).port);
  } finally {
    server.close();
  }
}

/** Starts, watches, lists and stops a container over the connection. */
async function testConnection(connection: DockerConnection): Promise<void> {
  const { engine, kill, dispose } = dockerHarness({ connection });
  const events: EngineEvent[] = [];
  try {
    const watch = await engine.watch((event) => events.push(event));
    const instance = await engine.start(launch("Server1"));
    assertEquals((await engine.list()).map(({ name }) => name), ["Server1"]);
    await kill!(instance);
    await waitFor("the exit", () => events.some(({ type }) => type === "exit"));
    await watch.close();
  } finally {
    await engine.close();
    await dispose?.();
  }
}

/**
 * Creates a certificate authority, a server's certificate and a client's, with Docker's file names.
 */
async function makeCertificates(folder: string): Promise<void> {
  const script = `set -e
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca \
      -keyout ca-key.pem -out ca.pem
    printf 'subjectAltName=IP:127.0.0.1\n' >server.ext
    printf 'extendedKeyUsage=clientAuth\n' >client.ext
    for name in server client; do
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name \
        -keyout $name-key.pem -out $name.csr
      openssl x509 -req -days 2 -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial \
        -extfile $name.ext -out $name.pem
    done
    mv client.pem cert.pem
    mv client-key.pem key.pem`;
  const command = new Deno.Command("sh", { args: ["-c", script], cwd: folder, stderr: "piped" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

Deno.test("docker connection: a socket needs no certificates", async () => {
  const connection = await dockerConnection({ socketPath: SOCKET }, { verify: "1", certPath: "" });
  assertEquals(connection, { socketPath: SOCKET });
});

Deno.test("docker connection: TLS without a folder of certificates is refused by name", async () => {
  const opening = () => dockerConnection(HOST, { verify: "1", certPath: "" });
  const { message } = await assertRejects(opening, EngineError);
  assertStringIncludes(message, "DOCKER_CERT_PATH must name the folder");
});

Deno.test("docker connection: the error names a certificate that cannot be read", async () => {
  const opening = () => dockerConnection(HOST, { verify: "1", certPath: "/nowhere" });
  const { message } = await assertRejects(opening, EngineError);
  assertStringIncludes(message, "DOCKER_CERT_PATH: /nowhere/ca.pem cannot be read");
});

systemTest({
  name: "docker connection: a socket proxy serves the engine over TCP",
  ignore: DOCKER_TESTS_IGNORED,
  fn: () =>
    withProxy(createServer(passOn), async (port) => {
      const host = { hostname: "127.0.0.1", port };
      await testConnection(await dockerConnection(host, { verify: "", certPath: "" }));
    }),
});

systemTest({
  name: "docker connection: over TLS both sides show their certificates",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const certPath = await Deno.makeTempDir();
    try {
      await makeCertificates(certPath);
      const read = (name: string) => Deno.readTextFileSync(`${certPath}/${name}`);
      const options = { ca: read("ca.pem"), cert: read("server.pem"), key: read("server-key.pem") };
      const server = createTlsServer(
        { ...options, requestCert: true, rejectUnauthorized: true },
        passOn,
      );
      await withProxy(server, async (port) => {
        const host = { hostname: "127.0.0.1", port };
        await testConnection(await dockerConnection(host, { verify: "1", certPath }));
      });
    } finally {
      await Deno.remove(certPath, { recursive: true });
    }
  },
});
