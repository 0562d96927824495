import { assertEquals } from "@std/assert";
import { isControlCall } from "./server.ts";

Deno.test("the balancer's own calls are told from requests by method and path", () => {
  const table = [
    ["GET", "/rep", true],
    ["GET", "/rep?x=1", true],
    ["HEAD", "/rep", true],
    ["POST", "/rep", false],
    ["POST", "/add", true],
    ["GET", "/add", false],
    ["DELETE", "/rm", true],
    ["POST", "/rm", false],
    ["GET", "/_lb/status", true],
    ["PATCH", "/_lb/anything", true],
    ["GET", "/_lb", true],
    ["GET", "/_lbx", false],
    ["GET", "/report", false],
    ["GET", "/home", false],
    ["GET", "/x?/rep", false],
    ["OPTIONS", "*", false],
  ] as const;
  for (const [method, target, expected] of table) {
    assertEquals(isControlCall(method, target), expected, `${method} ${target}`);
  }
});
