import { assertEquals } from "@std/assert";
import { type FleetStore, type SavedFleet, Saver } from "./store.ts";
import { TestFailures } from "./testing.ts";

/** A store that takes its time and can fail. */
class SlowStore implements FleetStore {
  readonly saved: string[] = [];
  readonly waiting: PromiseWithResolvers<void>[] = [];

  load(): Promise<SavedFleet | undefined> {
    return Promise.resolve(undefined);
  }

  save({ names }: SavedFleet): Promise<void> {
    this.saved.push(names.join());
    const done = Promise.withResolvers<void>();
    this.waiting.push(done);
    return done.promise;
  }
}

Deno.test("states are saved one at a time, and those that are outdated before their turn are not", async () => {
  const store = new SlowStore();
  const saver = new Saver(store, 3, new TestFailures());
  for (const names of [["a"], ["a", "b"], ["a", "b", "c"]]) saver.save({ names, template: {} });
  assertEquals(store.saved, ["a"]);
  store.waiting[0]?.resolve();
  await Promise.resolve();
  store.waiting[1]?.resolve();
  while (store.saved.length < 2) await Promise.resolve();
  store.waiting[1]?.resolve();
  await saver.done();
  assertEquals(store.saved, ["a", "a,b,c"]);
});

Deno.test("a state that is kept already is not saved again", async () => {
  const store = new SlowStore();
  const saver = new Saver(store, 3, new TestFailures());
  saver.save({ names: ["a"], template: {} });
  store.waiting[0]?.resolve();
  await saver.done();
  saver.save({ names: ["a"], template: {} });
  assertEquals(store.saved, ["a"]);
});

Deno.test("a state that could not be saved is recorded, and saved at the next change", async () => {
  const store = new SlowStore();
  const failures = new TestFailures();
  const saver = new Saver(store, 3, failures);
  saver.save({ names: ["a"], template: {} });
  store.waiting[0]?.reject(new Error("disk full"));
  await saver.done();
  saver.save({ names: ["a"], template: {} });
  assertEquals([failures.actions, store.saved], [["fleet.save"], ["a", "a"]]);
});
