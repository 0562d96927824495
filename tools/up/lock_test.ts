import { assertEquals } from "@std/assert";
import { takeLock } from "./lock.ts";
import { systemTest as test } from "../test/needs.ts";

test("lock: the second holder waits for the first", async () => {
  const path = await Deno.makeTempDir();
  const folder = new URL(`file://${path}/`);
  const order: string[] = [];
  const first = await takeLock("up", folder);
  const second = takeLock("up", folder).then((lock) => {
    order.push("second taken");
    lock[Symbol.dispose]();
  });
  order.push("first given back");
  first[Symbol.dispose]();
  await second;
  assertEquals(order, ["first given back", "second taken"]);
  await Deno.remove(path, { recursive: true });
});
