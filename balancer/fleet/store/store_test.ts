import { assertEquals, assertRejects } from "@std/assert";
import { type FleetStore, type SavedFleet, Saver, type SaveResult, StoreError } from "./store.ts";

/** A store with delayed and failing saves, which records the epoch that each save replaces. */
class SlowStore implements FleetStore {
  readonly saved: string[] = [];
  readonly waiting: PromiseWithResolvers<SaveResult>[] = [];

  load(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  save({ names }: SavedFleet, epoch: number): Promise<SaveResult> {
    this.saved.push(`${epoch}: ${names.join()}`);
    const end = Promise.withResolvers<SaveResult>();
    this.waiting.push(end);
    return end.promise;
  }

  /** Waits for a save to begin. */
  async at(index: number): Promise<PromiseWithResolvers<SaveResult>> {
    for (;;) {
      const waiting = this.waiting[index];
      if (waiting) return waiting;
      await Promise.resolve();
    }
  }
}

const fleet = (...names: string[]): SavedFleet => ({ configured: 3, names, template: {} });

Deno.test("states are saved one at a time, each replacing the one before it", async () => {
  const store = new SlowStore();
  const saver = new Saver(store);
  const saves = [saver.save(fleet("a")), saver.save(fleet("a", "b"))];
  (await store.at(0)).resolve({ done: true, epoch: 7 });
  (await store.at(1)).resolve({ done: true, epoch: 8 });
  await Promise.all(saves);
  assertEquals(store.saved, ["0: a", "7: a,b"]);
});

Deno.test("an unchanged state is not saved again", async () => {
  const store = new SlowStore();
  const saver = new Saver(store);
  const saved = saver.save(fleet("a"));
  (await store.at(0)).resolve({ done: true, epoch: 1 });
  await saved;
  await saver.save(fleet("a"));
  assertEquals(store.saved, ["0: a"]);
});

Deno.test("the caller of a failed save gets the error, and the next save replaces the same epoch", async () => {
  const store = new SlowStore();
  const saver = new Saver(store);
  const [failed, next] = [saver.save(fleet("a")), saver.save(fleet("b"))];
  (await store.at(0)).reject(new Error("disk full"));
  await assertRejects(() => failed, Error, "disk full");
  (await store.at(1)).resolve({ done: true, epoch: 1 });
  await next;
  assertEquals(store.saved, ["0: a", "0: b"]);
});

Deno.test("a state that another program saved is not overwritten", async () => {
  const store = new SlowStore();
  const saved = new Saver(store).save(fleet("a"));
  (await store.at(0)).resolve({ done: false });
  await assertRejects(() => saved, StoreError, "changed by another program");
});

Deno.test("an amendment changes the last saved state, also one whose save was under way", async () => {
  const store = new SlowStore();
  const saver = new Saver(store);
  const add = (name: string) => (last = fleet()) => ({ ...last, names: [...last.names, name] });
  const saves = [saver.amend(add("a")), saver.save(fleet("b", "c")), saver.amend(add("d"))];
  for (const epoch of [1, 2, 3]) (await store.at(epoch - 1)).resolve({ done: true, epoch });
  await Promise.all(saves);
  assertEquals(store.saved, ["0: a", "1: b,c", "2: b,c,d"]);
});
