/**
 * Third-party servers that record the requests that they read.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answers, freePort, startProgram } from "../../bench/harness/program.ts";
import { textOf } from "../../tests/harness/raw/message.ts";
import { run } from "../command.ts";

/** A request as a server read it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Undefined if the server did not get the whole body. */
  readonly body: string | undefined;
}

/** A running server. Its answer to each request is the request's target. */
export interface RecordingServer extends AsyncDisposable {
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  /** All requests so far, without heartbeats. */
  readonly seen: () => Promise<readonly SeenRequest[]>;
}

/** Starts a server; the folder holds its files. */
type StartServer = (folder: string) => Promise<RecordingServer>;

/** The servers that are installed here, at least one; the missing ones by name. */
export async function serversHere(): Promise<
  { servers: readonly StartServer[]; missing: readonly string[] }
> {
  const installed = async (program: string) =>
    (await run("sh", ["-c", `command -v ${program}`])).code === 0;
  const [nginx, python] = [await installed("nginx"), await installed("python3")];
  return {
    servers: [...nginx ? [startNginx] : [], ...python ? [startPython] : [], startNode],
    missing: [...nginx ? [] : ["nginx"], ...python ? [] : ["python3"]],
  };
}

const startNginx: StartServer = async (folder) => {
  const port = freePort();
  await Deno.writeTextFile(`${folder}/nginx.conf`, nginxConfig(folder, port));
  const args = ["nginx", "-e", "stderr", "-p", folder, "-c", `${folder}/nginx.conf`];
  return await startRecorder("nginx", args, port, folder);
};

/** Proxies requests to itself: only then does nginx read bodies, and can log them. */
function nginxConfig(folder: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ");
  return `user root root;
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  ${temporary}
  log_format seen escape=json '{"method":"$request_method","target":"$request_uri",'
    '"body":"$request_body","status":$status,"line":"$request"}';
  client_body_buffer_size 128k;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port};
    access_log ${folder}/seen.log seen;
    location = /heartbeat { access_log off; return 200; }
    location / {
      proxy_set_header X-Target $request_uri;
      proxy_pass http://unix:${folder}/echo.sock;
    }
  }
  server {
    listen unix:${folder}/echo.sock;
    access_log off;
    location / { return 200 "$http_x_target"; }
  }
}
`;
}

/** Python's http.server: accepts more than RFC 9112 allows. */
export async function startPython(folder: string): Promise<RecordingServer> {
  const port = freePort();
  const script = new URL("./recording_python.py", import.meta.url).pathname;
  const args = ["python3", script, String(port), `${folder}/seen.log`];
  return await startRecorder("python http.server", args, port, folder);
}

async function startRecorder(
  name: string,
  args: readonly string[],
  port: number,
  folder: string,
): Promise<RecordingServer> {
  await Deno.writeTextFile(`${folder}/seen.log`, "");
  const program = startProgram({ args }, `${folder}/output.log`);
  if (!await answers(`http://127.0.0.1:${port}/heartbeat`, program.ended)) {
    const output = await Deno.readTextFile(program.log);
    await program[Symbol.asyncDispose]();
    throw new Error(`${name} does not start: ${output.slice(-500)}`);
  }
  return {
    name,
    address: `127.0.0.1:${port}`,
    seen: async () => recorded(textOf(await Deno.readFile(`${folder}/seen.log`))),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

function recorded(log: string): SeenRequest[] {
  return log.split("\n").slice(0, -1).map((line) => {
    const { method, target, body, complete, status, line: first } = JSON.parse(line);
    // nginx refuses methods such as 2GET, which are tokens, and records only the request line.
    const [asked = "", at = ""] = (first ?? "").split(" ");
    return {
      method: method || asked,
      target: target || at,
      body: complete ?? status === 200 ? body : undefined,
    };
  });
}

const startNode: StartServer = async () => {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    record(request, response).then((one) => one && seen.push(one));
  });
  // A client that breaks the grammar: the server has already closed the connection.
  server.on("clientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("node:http has no port");
  return {
    name: "node:http of Deno",
    address: `127.0.0.1:${address.port}`,
    seen: () => Promise.resolve(seen),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
};

async function record(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<SeenRequest | undefined> {
  const { method = "", url: target = "" } = request;
  if (target === "/heartbeat") return void response.end();
  let body: string | undefined = "";
  try {
    for await (const chunk of request) body += textOf(chunk);
    if (!request.complete) body = undefined;
  } catch {
    // The balancer cut the body off.
    body = undefined;
  }
  response.end(target);
  return { method, target, body };
}
