/**
 * The two servers behind every proxy: nginx with small bodies from memory and two files.
 *
 * @module
 */
import { lastLines } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { answers, freePort } from "../harness/program.ts";
import type { Program } from "../harness/program.ts";
import { LOAD_CORE, startPinned } from "../harness/pinned.ts";

/** The small body: 56 bytes. */
export const SMALL_BODY = "ringkeeper bench: fifty-six bytes of body, not one more.";

/** Bytes of the body under a path. */
export const BODY_BYTES = { "/small/": SMALL_BODY.length, "/64k/": 64 * 1024, "/1m/": 1024 * 1024 };

/** A path that the upstreams know; anything may follow it. */
export type Path = keyof typeof BODY_BYTES;

/** One of the servers. It keeps its port when it is stopped and started. */
export class Upstream {
  readonly port = freePort();
  #program: Program | undefined;

  constructor(readonly name: string, readonly folder: string) {}

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    const config = `${this.folder}/${this.name}.conf`;
    await Deno.writeTextFile(config, upstreamConfig(this));
    const args = ["nginx", "-e", "stderr", "-c", config];
    const program = startPinned({ args }, LOAD_CORE, `${this.folder}/${this.name}.log`);
    this.#program = program;
    if (await answers(`http://127.0.0.1:${this.port}/small/0`, program.ended)) return;
    const log = lastLines(await Deno.readTextFile(program.log), 5);
    throw new ToolError(`the upstream (nginx) does not start: ${log}`);
  }

  /** Ends the upstream at once, with its running requests. */
  async stop(): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#program = undefined;
  }
}

/** Writes the files that the upstreams serve. */
export async function writeBodies(folder: string): Promise<void> {
  await Deno.writeFile(`${folder}/64k.bin`, new Uint8Array(BODY_BYTES["/64k/"]).fill(120));
  await Deno.writeFile(`${folder}/1m.bin`, new Uint8Array(BODY_BYTES["/1m/"]).fill(120));
}

function upstreamConfig({ name, folder, port }: Upstream): string {
  return `user root root;
worker_processes 1;
daemon off;
pid ${folder}/${name}.pid;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location /small/ { return 200 "${SMALL_BODY}"; }
    location /64k/ { root ${folder}; rewrite ^ /64k.bin break; }
    location /1m/ { root ${folder}; rewrite ^ /1m.bin break; }
  }
}
`;
}
