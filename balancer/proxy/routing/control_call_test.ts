import { assertEquals } from "@std/assert";
import { isControlCall } from "./control_call.ts";

Deno.test("calls of the contract go to the balancer, all other requests to a replica", () => {
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
    assertEquals(isControlCall(method, path, "all"), expected, `${method} ${path}`);
  }
});

Deno.test("calls that the public port does not serve go to a replica", () => {
  const table: [string, string, "basic" | "none", boolean][] = [
    ["GET", "/rep", "basic", true],
    ["POST", "/add", "basic", true],
    ["DELETE", "/rm", "basic", true],
    ["GET", "/_lb", "basic", false],
    ["GET", "/_lb/status", "basic", false],
    ["GET", "/rep", "none", false],
    ["POST", "/add", "none", false],
    ["GET", "/_lb/", "none", false],
  ];
  for (const [method, path, api, expected] of table) {
    assertEquals(isControlCall(method, path, api), expected, `${method} ${path} ${api}`);
  }
});
