import { assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** A service on a Unix socket. */
class SocketService implements AsyncDisposable {
  readonly hosts: (string | null)[] = [];
  readonly #server: Deno.HttpServer<Deno.UnixAddr>;

  constructor(readonly path: string, says: string) {
    this.#server = Deno.serve({ path, onListen: () => {} }, ({ url, headers }) => {
      if (!url.endsWith("/heartbeat")) this.hosts.push(headers.get("x-forwarded-for"));
      return new Response(says);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ringkeeper-sockets-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

test("upstreams on Unix sockets get heartbeats and requests, beside those on TCP", () =>
  inFolder(async (folder) => {
    await using one = new SocketService(`${folder}/one.sock`, "one");
    const two = new SocketService(`${folder}/two.sock`, "two");
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      LB_UPSTREAMS: `unix:${one.path},two=unix:${two.path}`,
      LB_HEARTBEAT_MS: "50",
      LB_RING_FIELDS: "true",
    });
    const { replicas } = await balancer.status();
    assertEquals(replicas.map(({ name, address }) => [name, address]), [
      [`unix:${one.path}`, `unix:${one.path}`],
      ["two", `unix:${two.path}`],
    ]);
    const seen = new Map<string, string | null>();
    for (let id = 0; id < 64; id++) {
      const response = await balancer.fetch("/", { headers: { "x-request-id": String(id) } });
      seen.set(await response.text(), response.headers.get("x-ring-replica"));
    }
    assertEquals(seen, new Map([["one", `unix:${one.path}`], ["two", "two"]]));
    assertEquals(new Set(one.hosts), new Set(["127.0.0.1"]));
    await two[Symbol.asyncDispose]();
    await balancer.until(({ ready }) => ready === 1);
    const path = `/_lb/replicas/${encodeURIComponent(`unix:${one.path}`)}`;
    assertEquals((await balancer.call("PATCH", path, { weight: 2 })).status, 200);
  }));

test("a burst of connections to a Unix socket with a full queue takes no upstream out", () =>
  inFolder(async (folder) => {
    await using service = new SocketService(`${folder}/a.sock`, "a");
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      LB_UPSTREAMS: `unix:${service.path}`,
      LB_HEALTH_PATH: "",
    });
    const statuses = await Promise.all(Array.from({ length: 2000 }, async () => {
      const response = await balancer.fetch("/");
      await response.body?.cancel();
      return response.status;
    }));
    assertEquals(new Set(statuses), new Set([200]));
    assertEquals((await balancer.status()).ready, 1);
  }));

test("replicas of engine process listen on Unix sockets, and are replaced with new ones", () =>
  inFolder(async (folder) => {
    {
      await using balancer = await Balancer.ready({
        LB_ENGINE: "process",
        LB_REPLICAS: "2",
        LB_REPLICA_SOCKETS: folder,
        LB_DRILLS: "true",
        LB_ADMIN_OPEN: "true",
      });
      assertEquals((await balancer.fetch("/home")).status, 200);
      const before = await balancer.replica("Server1");
      assertMatch(before?.address ?? "", new RegExp(`^unix:${folder}/[0-9a-f-]+\\.sock$`));
      Deno.kill(Number(before?.instance?.split("-", 1)[0]), "SIGKILL");
      await balancer.until(({ ready, replicas }) =>
        ready === 2 && replicas.every(({ instance }) => instance !== before?.instance)
      );
      const after = await balancer.replica("Server1");
      assertEquals(after?.address === before?.address, false);
      const response = await balancer.call("GET", "/home");
      assertMatch(JSON.stringify(response.body), /Hello from Server: [12]/);
    }
    assertEquals([...Deno.readDirSync(folder)], [], "the sockets of ended replicas are removed");
  }));

test("a command that names $PORT is refused where replicas listen on Unix sockets", async () => {
  const env = { LB_ENGINE: "process", LB_REPLICA_SOCKETS: "/tmp", LB_REPLICA_COMMAND: "s $PORT" };
  const failure = await Balancer.start(env).then(() => "", (error) => error.message);
  assertMatch(failure, /LB_REPLICA_COMMAND: .*names \$PORT, which is not one of .*SOCKET/);
});

test("a Unix socket that the balancer has no permission for is refused at the start", async () => {
  const env = { LB_ENGINE: "static", LB_UPSTREAMS: "unix:/srv/a.sock" };
  const failure = await Balancer.start(env).then(() => "", (error) => error.message);
  assertMatch(failure, /LB_UPSTREAMS: .*unix:\/srv\/a\.sock; start it with --allow-read/);
});
