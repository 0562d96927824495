import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { launch } from "./conformance.ts";
import { EngineError, type EngineEvent } from "./engine.ts";
import { listen, waitFor } from "./testing.ts";
import { systemTest as test, whenPermitted } from "../../tools/test/needs.ts";

const { DockerEngine } = await whenPermitted(() => import("./docker.ts"));
type DockerEngine = InstanceType<typeof DockerEngine>;

const ID = "c0ffee";
const NAME = "Server1";

/** Returns a line of the event stream, as the Engine writes it. */
function line(action: string, attributes: Record<string, string> = {}): string {
  const Attributes = { "ringkeeper.replica": NAME, ...attributes };
  return JSON.stringify({ Type: "container", Action: action, Actor: { ID, Attributes } }) + "\n";
}

/** Records failed background actions, by action. */
class Noted {
  readonly actions: string[] = [];

  record(action: string): void {
    this.actions.push(action);
  }
}

interface Stage {
  readonly engine: DockerEngine;
  readonly socketPath: string;
  readonly failures: Noted;
}

/** Runs a test with an engine whose daemon listens at the test's own path. */
async function onStage(test: (stage: Stage) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const [socketPath, failures] = [`${directory}/docker.sock`, new Noted()];
  const engine = new DockerEngine({
    ...{
      connection: { socketPath },
      failures,
      deadlineMs: 200,
      fleet: "f",
      prefix: "",
      image: "i",
    },
    ...{ port: 5000, env: {}, network: "n", reach: "network", onProgress: () => {} },
    ...{ pull: "never", pullTimeoutMs: 1000, dockerConfig: "" },
  });
  try {
    await test({ engine, socketPath, failures });
  } finally {
    await engine.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** A daemon whose event stream the test writes. */
class Daemon {
  readonly #server: Deno.HttpServer;
  readonly #streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  readonly queries: string[] = [];

  constructor(path: string) {
    this.#server = Deno.serve({ path, onListen: () => {} }, (request) => this.#answer(request));
  }

  write(text: string): void {
    for (const byte of new TextEncoder().encode(text)) {
      for (const stream of this.#streams) stream.enqueue(new Uint8Array([byte]));
    }
  }

  /** Ends the streams and the daemon. */
  async end(): Promise<void> {
    for (const stream of this.#streams.splice(0)) stream.close();
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/events") return Response.json([]);
    this.queries.push(searchParams.get("filters") ?? "");
    let own: ReadableStreamDefaultController<Uint8Array>;
    return new Response(
      new ReadableStream({
        start: (controller) => void this.#streams.push(own = controller),
        cancel: () => void this.#streams.splice(this.#streams.indexOf(own), 1),
      }),
    );
  }
}

function types(events: readonly EngineEvent[]): string[] {
  return events.map(({ type }) => type);
}

test("docker events: lines that arrive byte by byte are read whole", async () => {
  await onStage(async ({ engine, socketPath }) => {
    const daemon = new Daemon(socketPath);
    const heard = await listen(engine);
    daemon.write(line("die", { exitCode: "1", note: "Käse\n{" }) + "\n" + line("start"));
    assertEquals(await heard.exitOf(ID), {
      ...{ type: "exit", name: NAME, id: ID, reason: "exit code 1" },
    });
    assertEquals(heard.events.length, 1);
    heard.close();
    await daemon.end();
  });
});

test("docker events: only events of this fleet's containers are requested", async () => {
  await onStage(async ({ engine, socketPath }) => {
    const daemon = new Daemon(socketPath);
    (await listen(engine)).close();
    assertEquals(JSON.parse(daemon.queries[0] ?? ""), {
      ...{
        type: ["container"],
        event: ["die", "died", "oom", "health_status"],
        label: ["ringkeeper.fleet=f"],
      },
    });
    await daemon.end();
  });
});

test("docker events: an exit because memory ran out is reported as such", async () => {
  await onStage(async ({ engine, socketPath }) => {
    const daemon = new Daemon(socketPath);
    const heard = await listen(engine);
    daemon.write(line("oom") + line("die", { exitCode: "137" }));
    assertStringIncludes((await heard.exitOf(ID)).reason, "137 (out of memory)");
    heard.close();
    await daemon.end();
  });
});

test("docker events: a daemon that restarts is reported away once and back once", async () => {
  await onStage(async ({ engine, socketPath, failures }) => {
    const first = new Daemon(socketPath);
    const heard = await listen(engine);
    await first.end();
    await waitFor("away", () => heard.events.length === 1);
    await assertRejects(() => engine.list(), EngineError);
    const second = new Daemon(socketPath);
    await waitFor("back", () => heard.events.length === 2);
    assertEquals(types(heard.events), ["away", "back"]);
    second.write(line("die", { exitCode: "0" }));
    await heard.exitOf(ID);
    assertEquals(failures.actions, ["docker.events"]);
    heard.close();
    await second.end();
  });
});

test("docker events: a daemon that starts late is reported away, then back", async () => {
  await onStage(async ({ engine, socketPath }) => {
    const heard = await listen(engine);
    assertEquals(types(heard.events), ["away"]);
    const daemon = new Daemon(socketPath);
    await waitFor("back", () => heard.events.length === 2);
    assertEquals(types(heard.events), ["away", "back"]);
    heard.close();
    await daemon.end();
  });
});

test("docker events: an invalid event counts as a broken stream", async () => {
  await onStage(async ({ engine, socketPath }) => {
    const daemon = new Daemon(socketPath);
    const heard = await listen(engine);
    daemon.write("no JSON\n");
    await waitFor("away and back", () => heard.events.length === 2);
    assertEquals(types(heard.events), ["away", "back"]);
    heard.close();
    await daemon.end();
  });
});

test("docker: without a daemon every call fails as away", async () => {
  await onStage(async ({ engine }) => {
    const calls = [
      () => engine.start(launch(NAME)),
      () => engine.stop(ID, 100),
      () => engine.list(),
      () => engine.removeNetwork(),
    ];
    for (const call of calls) {
      const error = await assertRejects(call, EngineError);
      assertEquals(error.kind, "away", error.message);
    }
  });
});

/** Runs a test with a daemon that listens and never answers. */
async function withSilentDaemon(path: string, test: () => Promise<void>): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  try {
    await test();
  } finally {
    listener.close();
    await accepting;
    for (const connection of connections) connection.close();
  }
}

test("docker: with a silent daemon every call fails as away", async () => {
  await onStage(async ({ engine, socketPath }) => {
    await withSilentDaemon(socketPath, async () => {
      const calls = [
        () => engine.start(launch(NAME)),
        () => engine.stop(ID, 0),
        () => engine.list(),
      ];
      for (const call of calls) {
        assertEquals((await assertRejects(call, EngineError)).kind, "away");
      }
    });
  });
});

test("docker events: a silent daemon is reported away", async () => {
  await onStage(async ({ engine, socketPath }) => {
    await withSilentDaemon(socketPath, async () => {
      const heard = await listen(engine);
      assertEquals(types(heard.events), ["away"]);
      heard.close();
    });
  });
});
