import { assertEquals } from "@std/assert";
import { controlUrl, endpointOf } from "./endpoint.ts";
import { systemTest as test } from "../test/needs.ts";

Deno.test("endpoint: the API is one port above the public one, or as in the settings", () => {
  const url = "http://127.0.0.1:5000";
  const at = (listen: string, api = "") => controlUrl({ listen, api }, url);
  assertEquals(at(""), "http://127.0.0.1:5001");
  assertEquals(at("", "all"), url);
  assertEquals(at("127.0.0.1:7000", "all"), "http://127.0.0.1:7000");
  assertEquals(at("0.0.0.0:5001"), "http://127.0.0.1:5001");
  assertEquals(at("[::]:5001"), "http://[::1]:5001");
  assertEquals(at("10.0.0.7:5001"), "http://10.0.0.7:5001");
  assertEquals(at("unix:.run/state/a.sock"), "unix:.run/state/a.sock");
  const place = { listen: "", api: "basic" };
  assertEquals(controlUrl(place, "http://10.0.0.7:80"), "http://127.0.0.1:81");
  assertEquals(controlUrl(place, "http://[::1]:5000"), "http://[::1]:5001");
});

test("endpoint: a socket file is called like any other server", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.sock`;
  const server = Deno.serve({ path, onListen() {} }, () => new Response("there"));
  const { base, init } = endpointOf(`unix:${path}`);
  assertEquals(await (await fetch(`${base}/x`, init)).text(), "there");
  init.client?.close();
  await server.shutdown();
  await Deno.remove(folder, { recursive: true });
});
