/**
 * Connections that each do one request, or none, and then nothing. Says how many are open, waits
 * until its input ends, and says how many were closed meanwhile. Arguments: the port, how many, the
 * text that ends a response (empty: they send nothing), the file with the server's certificate
 * (empty: without TLS).
 *
 * @module
 */
import { print } from "../../../tools/print.ts";

const [port, count, end = "", authority = ""] = Deno.args;
const place = { hostname: "127.0.0.1", port: Number(port) };
const caCerts = authority === "" ? [] : [await Deno.readTextFile(authority)];
const BATCH = 100;
const open: Deno.Conn[] = [];
let lost = 0;

async function connect(at: number): Promise<void> {
  const connection = authority === ""
    ? await Deno.connect(place)
    : await Deno.connectTls({ ...place, caCerts });
  const buffer = new Uint8Array(4096);
  if (end !== "") await ask(connection, at, buffer);
  open.push(connection);
  watch(connection, buffer);
}

async function ask(
  connection: Deno.Conn,
  at: number,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const head = `GET /small/${at} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  let text = "";
  while (!text.includes(end)) {
    const read = await connection.read(buffer);
    if (read === null) throw new Error("the connection was closed before the response");
    text += new TextDecoder().decode(buffer.subarray(0, read));
  }
}

async function watch(connection: Deno.Conn, buffer: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Reset: as lost as if it were closed.
  }
  lost++;
}

for (let at = 0; at < Number(count); at += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, Number(count) - at) }, (_, i) => at + i);
  await Promise.allSettled(batch.map(connect));
}
print(`open ${open.length}`);
await Deno.stdin.read(new Uint8Array(1));
print(`lost ${lost}`);
Deno.exit(0);
