import { assertEquals } from "@std/assert";
import { balancerFor, field, OK, RawUpstream, statusOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** A request whose method is not GET. */
function ask(method: string, ...fields: string[]): string {
  return [`${method} /a?b HTTP/1.1`, "Host: a.example", ...fields, "", ""].join("\r\n");
}

test("TRACE is 405 and goes no further, unless it is to", async (t) => {
  await using upstream = new RawUpstream(() => OK);

  await t.step("by default", async () => {
    await using balancer = await balancerFor([upstream]);
    using client = await balancer.connect();
    for (const limit of [[], ["Max-Forwards: 0"], ["Max-Forwards: 5"]]) {
      await client.send(ask("TRACE", ...limit));
      const response = await client.response();
      assertEquals([statusOf(response), field(response, "connection")], [405, undefined]);
      assertEquals(field(response, "allow")?.includes("TRACE"), false);
      assertEquals(JSON.parse(response.body).status, "failure");
    }
    await client.send(ask("GET"));
    assertEquals((await client.response()).body, "ok");
    assertEquals(upstream.requests, ["GET /a?b HTTP/1.1"]);
  });

  await t.step("with LB_TRACE=true", async () => {
    await using balancer = await balancerFor([upstream], { LB_TRACE: "true" });
    assertEquals((await balancer.ask(ask("TRACE"))).body, "ok");
    assertEquals(upstream.requests.at(-1), "TRACE /a?b HTTP/1.1");
  });
});

test("OPTIONS and TRACE are answered here when Max-Forwards is 0, else counted down", async (t) => {
  const limits: (string | undefined)[] = [];
  await using upstream = new RawUpstream((request) => {
    limits.push(field(request, "max-forwards"));
    return OK;
  });
  await using balancer = await balancerFor([upstream], { LB_TRACE: "true" });
  using client = await balancer.connect();

  await t.step("OPTIONS", async () => {
    await client.send(ask("OPTIONS", "Max-Forwards: 0", "X-Request-Id: 7"));
    const response = await client.response();
    assertEquals([statusOf(response), response.body], [200, ""]);
    assertEquals([field(response, "content-length"), field(response, "x-request-id")], ["0", "7"]);
    assertEquals(field(response, "allow")?.includes("OPTIONS"), true);
  });

  await t.step("OPTIONS about the whole server, with a body", async () => {
    await client.send(
      "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nContent-Length: 2\r\n\r\nab",
    );
    assertEquals(statusOf(await client.response()), 200);
  });

  await t.step("TRACE shows the request without its secrets", async () => {
    const secrets = ["Cookie: a=b", "authorization: Basic eA==", "Proxy-Authorization: x"];
    await client.send(ask("TRACE", "Max-Forwards: 0", ...secrets, "X-A: caf\xe9"));
    const response = await client.response();
    assertEquals([statusOf(response), field(response, "content-type")], [200, "message/http"]);
    assertEquals(response.body, ask("TRACE", "Max-Forwards: 0", "X-A: caf\xe9"));
  });

  await t.step("more than 0 is one less behind the balancer", async () => {
    for (const [method, value] of [["OPTIONS", "1"], ["TRACE", "10"], ["GET", "0"]]) {
      await client.send(ask(method!, `Max-Forwards: ${value}`));
      assertEquals((await client.response()).body, "ok");
    }
    assertEquals(limits, ["0", "9", "0"]);
  });

  await t.step("an invalid number is refused", async () => {
    for (const fields of [["Max-Forwards: x"], ["Max-Forwards: 1", "Max-Forwards: 1"]]) {
      assertEquals(statusOf(await balancer.ask(ask("OPTIONS", ...fields))), 400);
    }
    assertEquals(limits.length, 3);
    assertEquals(await balancer.failures(), {});
  });
});

test("the access log contains the balancer's own answers with their keys", async () => {
  await using upstream = new RawUpstream(() => OK);
  const balancer = await balancerFor([upstream], { LB_ACCESS_LOG: "full", LB_LOG_FORMAT: "json" });
  assertEquals(
    statusOf(await balancer.ask(ask("OPTIONS", "Max-Forwards: 0", "X-Request-Id: 7"))),
    200,
  );
  const { output } = await balancer.balancer.end("SIGTERM");
  const text = output.split("\n").find((line) => line.includes("OPTIONS /a")) ?? "{}";
  const line = JSON.parse(text);
  assertEquals([line["ringkeeper.reason"], line["ringkeeper.key"], line["ringkeeper.control"]], [
    "max-forwards",
    "7",
    undefined,
  ]);
});
