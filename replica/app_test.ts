import { assertEquals } from "@std/assert";
import { createApp } from "./app.ts";
import { HEARTBEAT_PATH, HOME_PATH, NAME_FIELD } from "./contract.ts";

Deno.test("home names the server that answered", async () => {
  const response = await createApp("Server3").request(HOME_PATH);
  assertEquals(response.status, 200);
  assertEquals(await response.json(), {
    message: "Hello from Server: 3",
    status: "successful",
  });
});

Deno.test("home shows the whole name if it does not end in a server's number", async () => {
  const response = await createApp("S4").request(HOME_PATH);
  assertEquals((await response.json()).message, "Hello from Server: S4");
});

Deno.test("the heartbeat answers 200 with an empty body", async () => {
  const response = await createApp("Server1").request(HEARTBEAT_PATH);
  assertEquals(response.status, 200);
  assertEquals(await response.text(), "");
});

/** The texts of home after each of several heartbeats. */
async function helloAfter(name: string, ...heartbeats: HeadersInit[]): Promise<string> {
  const app = createApp(name);
  for (const headers of heartbeats) {
    const { status } = await app.request(HEARTBEAT_PATH, { headers });
    assertEquals(status, 200);
  }
  const { message } = await (await app.request(HOME_PATH)).json();
  return message.replace("Hello from Server: ", "");
}

Deno.test("an unnamed replica says so until a heartbeat names it", async () => {
  assertEquals(await helloAfter(""), "unnamed");
  assertEquals(await helloAfter("", {}), "unnamed");
  assertEquals(await helloAfter("", {}, { [NAME_FIELD]: "Server3" }), "3");
});

Deno.test("later names are ignored", async () => {
  const [first, second] = [{ [NAME_FIELD]: "S-4_x" }, { [NAME_FIELD]: "Server3" }];
  assertEquals(await helloAfter("", first, second), "S-4_x");
});

Deno.test("a replica that was started with a name keeps that name", async () => {
  assertEquals(await helloAfter("Server1", { [NAME_FIELD]: "Server3" }), "1");
});

for (const proxied of [{ Via: "1.1 lb" }, { "X-Forwarded-For": "192.0.2.1" }]) {
  Deno.test(`a heartbeat with ${Object.keys(proxied)} names no replica`, async () => {
    const forwarded = { [NAME_FIELD]: "Server3", ...proxied };
    assertEquals(await helloAfter("", forwarded), "unnamed");
    assertEquals(await helloAfter("", forwarded, { [NAME_FIELD]: "Server4" }), "4");
  });
}

const NO_NAMES = ["", "-a", "a-", "a.b", "a b", "é", "Server3, Server4", "a".repeat(64)];

for (const text of NO_NAMES) {
  Deno.test(`"${text}" is no name and is ignored`, async () => {
    assertEquals(await helloAfter("", { [NAME_FIELD]: text }), "unnamed");
  });
}

Deno.test("a name may have 63 characters", async () => {
  assertEquals(await helloAfter("", { [NAME_FIELD]: "a".repeat(63) }), "a".repeat(63));
});

Deno.test("only a heartbeat names a replica", async () => {
  const app = createApp("");
  const response = await app.request(HOME_PATH, { headers: { [NAME_FIELD]: "Server3" } });
  assertEquals((await response.json()).message, "Hello from Server: unnamed");
});

Deno.test("any other path is a failure in JSON", async () => {
  const response = await createApp("Server1").request("/other");
  assertEquals(response.status, 404);
  assertEquals(await response.json(), {
    message: "<Error> /other endpoint does not exist",
    status: "failure",
  });
});
