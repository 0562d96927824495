import { assertEquals } from "@std/assert";
import type { Source } from "./check.ts";
import { folderOf, folderViolations } from "./folders.ts";

/** A file that imports the targets. */
function file(path: string, ...targets: string[]): Source {
  return {
    path,
    text: "",
    imports: targets.map((target) => ({ line: 3, target, typeOnly: true })),
  };
}

const ROUTE = "balancer/proxy/routing/key.ts";
const LOOP = "balancer/proxy/forward/route_loop.ts";

Deno.test("layers: a file that is a room by itself counts as a folder of its own", () => {
  assertEquals(folderOf("balancer/view.ts"), "balancer/view.ts");
  assertEquals(folderOf("balancer/balancer.ts"), "balancer/");
  assertEquals(folderOf(LOOP), "balancer/proxy/forward/");
});

Deno.test("layers: a folder may import a lower folder of its room", () => {
  assertEquals(folderViolations([file(LOOP, ROUTE)]), []);
});

Deno.test("layers: a folder may not import a higher folder of its room, not even its types", () => {
  assertEquals(folderViolations([file(ROUTE, LOOP)]), [
    `${ROUTE}:3: balancer/proxy/routing/ may not import balancer/proxy/forward/, which is not ` +
    "below it in the order of balancer/proxy/",
  ]);
});

Deno.test("layers: folders on one level do not import each other", () => {
  const hold = file("balancer/proxy/hold/failover.ts", "balancer/proxy/telemetry/access_log.ts");
  assertEquals(folderViolations([hold]).length, 1);
});

Deno.test("layers: a cycle of imports between folders is found through any number of folders", () => {
  const sources = [file("a/x.ts", "b/x.ts"), file("b/y.ts", "c/x.ts"), file("c/y.ts", "a/z.ts")];
  assertEquals(folderViolations(sources), [
    "folders import each other in a cycle: a/, b/, c/",
  ]);
});

Deno.test("layers: tests and packages do not count", () => {
  const sources = [file("a/x_test.ts", "b/x.ts"), file("b/x.ts", "a/x_test.ts", "npm:hono@4")];
  assertEquals(folderViolations(sources), []);
});
