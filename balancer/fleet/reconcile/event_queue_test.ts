import { assertEquals } from "@std/assert";
import { TestFailures } from "../testing.ts";
import { Writer } from "./event_queue.ts";

/** A writer, and what it did. */
function open() {
  const done: string[] = [];
  const failures = new TestFailures();
  const writer = new Writer({ settle: () => done.push("settled"), failures });
  return { writer, done, failures };
}

Deno.test("what follows from a piece of work is done right after it", () => {
  const { writer, done } = open();
  writer.do(() => {
    done.push("first");
    writer.do(() => done.push("second"));
  });
  assertEquals(done, ["first", "settled", "second", "settled"]);
});

Deno.test("what follows from many notes is done once, and before timers", async () => {
  const { writer, done } = open();
  const timer = new Promise<void>((resolve) =>
    setTimeout(() => {
      done.push("timer");
      resolve();
    })
  );
  for (const note of ["a", "b", "c"]) {
    writer.note(() => {
      done.push(note);
      return true;
    });
  }
  assertEquals(done, ["a", "b", "c"]);
  await timer;
  assertEquals(done, ["a", "b", "c", "settled", "timer"]);
});

Deno.test("work right after a note does what follows from both", async () => {
  const { writer, done } = open();
  writer.note(() => true);
  writer.do(() => done.push("work"));
  await Promise.resolve();
  assertEquals(done, ["work", "settled"]);
});

Deno.test("nothing follows from a note that changed nothing, or once the writer is closed", async () => {
  const { writer, done } = open();
  writer.note(() => false);
  await Promise.resolve();
  writer.note(() => true);
  writer.close();
  await Promise.resolve();
  assertEquals(done, []);
});

Deno.test("a fault in one piece of work is recorded, and the next one is done", () => {
  const { writer, done, failures } = open();
  writer.do(() => {
    throw new Error("a fault");
  });
  writer.do(() => done.push("next"));
  assertEquals([done, failures.actions], [["next", "settled"], ["fleet.step"]]);
});
