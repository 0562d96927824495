import { assertEquals, assertRejects } from "@std/assert";
import { systemTest } from "../../tools/test/needs.ts";
import { EngineError } from "./engine.ts";
import { SwarmApi } from "./swarm_api.ts";
import type { ServiceSpecInfo } from "./swarm_objects.ts";

/** Deadline of a call, in milliseconds. */
const ANSWER_MS = 5000;

/** A manager with one service, whose version has grown by one after each look of a client. */
class RacedManager implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "ringkeeper-swarm-", dir: "/tmp" });
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer;
  #version = 7;
  #races: number;

  /** @param races how many updates another client is ahead of */
  constructor(races: number) {
    this.#races = races;
    const options = { path: this.socketPath, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
  }

  get socketPath(): string {
    return `${this.folder}/docker.sock`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "GET") return Response.json(this.#look());
    this.asked.push(`${pathname.split("/").at(-1)} of version ${searchParams.get("version")}`);
    const message = "rpc error: code = Unknown desc = update out of sequence";
    await request.body?.cancel();
    if (Number(searchParams.get("version")) === this.#version) return Response.json({});
    return Response.json({ message }, { status: 500 });
  }

  #look(): unknown {
    const seen = this.#version;
    if (this.#races-- > 0) this.#version++;
    return {
      ID: "s1",
      Version: { Index: seen },
      Spec: { Name: "one", Labels: { seen: `${seen}` } },
    };
  }
}

systemTest("an update with a stale version is made again on the newer service", async () => {
  await using manager = new RacedManager(2);
  const api = new SwarmApi({ socketPath: manager.socketPath }, ANSWER_MS);
  const changed: ServiceSpecInfo[] = [];
  await api.update("s1", (spec) => {
    changed.push(spec);
    return spec;
  });
  assertEquals(manager.asked, [
    "update of version 7",
    "update of version 8",
    "update of version 9",
  ]);
  assertEquals(changed.map(({ Labels }) => Labels?.["seen"]), ["7", "8", "9"]);
});

systemTest("an update that loses every race ends with the manager's message", async () => {
  await using manager = new RacedManager(Infinity);
  const api = new SwarmApi({ socketPath: manager.socketPath }, ANSWER_MS);
  await assertRejects(() => api.update("s1", (spec) => spec), EngineError, "out of sequence");
  assertEquals(manager.asked.length, 10);
});
