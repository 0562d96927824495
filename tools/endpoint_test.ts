import { assertEquals } from "@std/assert";
import { controlUrl, endpointOf } from "./endpoint.ts";

Deno.test("endpoint: a balancer answers on its public port, or where it was told to", () => {
  const url = "http://127.0.0.1:5000";
  assertEquals(controlUrl("", url), url);
  assertEquals(controlUrl("0.0.0.0:5001", url), "http://127.0.0.1:5001");
  assertEquals(controlUrl("[::]:5001", url), "http://[::1]:5001");
  assertEquals(controlUrl("10.0.0.7:5001", url), "http://10.0.0.7:5001");
  assertEquals(controlUrl("unix:.run/state/a.sock", url), "unix:.run/state/a.sock");
});

Deno.test("endpoint: a socket file is spoken to like any other server", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.sock`;
  const server = Deno.serve({ path, onListen() {} }, () => new Response("there"));
  const { base, init } = endpointOf(`unix:${path}`);
  assertEquals(await (await fetch(`${base}/x`, init)).text(), "there");
  init.client?.close();
  await server.shutdown();
  await Deno.remove(folder, { recursive: true });
});
