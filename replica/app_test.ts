import { assertEquals } from "@std/assert";
import { createApp } from "./app.ts";
import { HEARTBEAT_PATH, HOME_PATH } from "./contract.ts";

Deno.test("home says which server answered", async () => {
  const response = await createApp("Server3").request(HOME_PATH);
  assertEquals(response.status, 200);
  assertEquals(await response.json(), {
    message: "Hello from Server: 3",
    status: "successful",
  });
});

Deno.test("home gives the whole name where it ends in no number of a server", async () => {
  const response = await createApp("S4").request(HOME_PATH);
  assertEquals((await response.json()).message, "Hello from Server: S4");
});

Deno.test("the heartbeat answers 200 with an empty body", async () => {
  const response = await createApp("Server1").request(HEARTBEAT_PATH);
  assertEquals(response.status, 200);
  assertEquals(await response.text(), "");
});

Deno.test("any other path is a failure in JSON", async () => {
  const response = await createApp("Server1").request("/other");
  assertEquals(response.status, 404);
  assertEquals(await response.json(), {
    message: "<Error> /other endpoint does not exist",
    status: "failure",
  });
});
