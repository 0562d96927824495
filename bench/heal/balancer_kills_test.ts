import { assertEquals } from "@std/assert";
import { isClean } from "./balancer_kills.ts";
import { readyIn } from "./own.ts";

Deno.test("the ready replicas are read from the events about views, and from no others", () => {
  const view = '{"type":"view","ready":["Server1","Server3"],"id":9}';
  assertEquals(readyIn(`event: view\ndata: ${view}\nid: 9`), [["Server1", "Server3"]]);
  assertEquals(readyIn('event: replica\ndata: {"ready":[]}\nid: 9'), []);
  assertEquals(readyIn(": alive"), []);
});

Deno.test("a fleet is clean with one instance for each replica and no more", () => {
  const four = ["Server1", "Server2", "Server3", "Server4"].map((name) => `${name} running`);
  assertEquals(isClean(four), true);
  assertEquals(isClean(four.slice(1)), false);
  assertEquals(isClean([...four, "Server1 exited"]), false);
  assertEquals(isClean([...four.slice(1), "Server2 running"]), false);
});

Deno.test("a guard without a process is one too many", () => {
  const processes = [1, 2, 3, 4].map((pid) => `process ${pid}`);
  const guards = [11, 12, 13, 14].map((pid) => `guard ${pid}`);
  assertEquals(isClean([...processes, ...guards]), true);
  assertEquals(isClean([...processes, ...guards, "guard 15"]), false);
});
