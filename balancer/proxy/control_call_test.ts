import { assertEquals } from "@std/assert";
import { isControlCall } from "./control_call.ts";

Deno.test("calls of the contract are for the balancer, everything else for a replica", () => {
  const table: [string, string, boolean][] = [
    ["GET", "/rep", true],
    ["HEAD", "/rep", true],
    ["POST", "/rep", false],
    ["POST", "/add", true],
    ["GET", "/add", false],
    ["DELETE", "/rm", true],
    ["POST", "/rm", false],
    ["GET", "/_lb", true],
    ["GET", "/_lb/status", true],
    ["POST", "/_lb/anything", true],
    ["GET", "/_lbx", false],
    ["GET", "/rep/", false],
    ["GET", "//rep", false],
    ["GET", "/%72ep", false],
    ["GET", "/", false],
    ["OPTIONS", "*", false],
  ];
  for (const [method, path, expected] of table) {
    assertEquals(isControlCall(method, path), expected, `${method} ${path}`);
  }
});
