/**
 * The tests that every shared store has to pass.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SharedStores } from "./shared_store.ts";

/** A store under test. */
interface StoreUnderTest extends AsyncDisposable {
  /** Opens another client of the same store, as another balancer does. */
  readonly client: () => Promise<SharedStores>;
}

/** Races of the test with two writers. */
const RACES = 25;

/** Longest wait for a change to be reported, in milliseconds. */
const REPORT_MS = 5000;

/** A test with two clients of an empty store. */
type StoreTest = (one: SharedStores, two: SharedStores) => Promise<void>;

/**
 * Registers the tests.
 *
 * @param name name of the store, for the names of the tests
 * @param create creates an empty store
 * @param register registers one test
 */
export function testSharedStore(
  name: string,
  create: () => Promise<StoreUnderTest>,
  register: (test: { readonly name: string; readonly fn: () => Promise<void> }) => void = Deno.test,
): void {
  for (const [about, run] of Object.entries(TESTS)) {
    register({ name: `${name}: ${about}`, fn: async () => await withClients(await create(), run) });
  }
}

async function withClients(created: StoreUnderTest, run: StoreTest): Promise<void> {
  await using store = created;
  const [one, two] = [await store.client(), await store.client()];
  try {
    await run(one, two);
  } finally {
    one.close();
    two.close();
  }
}

const TESTS: Readonly<Record<string, StoreTest>> = {
  async "a value that was never saved does not exist"(one) {
    assertEquals(await one.open("state").load(), undefined);
    assertEquals(await one.names(), []);
  },

  async "a saved value is there for every client, with its epoch"(one, two) {
    const value = JSON.stringify({ text: "ü ✓ \n second line", long: "x".repeat(20_000) });
    const first = await one.open("state").save(value, 0);
    assert(first.done);
    assertEquals(await two.open("state").load(), { value, epoch: first.epoch });
    assertEquals(await two.names(), ["state"]);
  },

  async "a save that names an older epoch is refused and changes nothing"(one, two) {
    const [mine, yours] = [one.open("state"), two.open("state")];
    const first = await mine.save("1", 0);
    assert(first.done);
    const second = await yours.save("2", first.epoch);
    assert(second.done && second.epoch > first.epoch);
    assertEquals(await mine.save("3", first.epoch), { done: false });
    assertEquals(await mine.save("3", 0), { done: false });
    assertEquals(await mine.load(), { value: "2", epoch: second.epoch });
  },

  async [`of two writers exactly one wins, ${RACES} times`](one, two) {
    const stores = [one.open("state"), two.open("state")] as const;
    let epoch = 0;
    for (let race = 0; race < RACES; race++) {
      const saves = stores.map((store, writer) => store.save(`${race} ${writer}`, epoch));
      const results = await Promise.all(saves);
      const won = results.filter(({ done }) => done);
      assertEquals(won.length, 1, `race ${race}`);
      const winner = results.findIndex(({ done }) => done);
      const stored = await stores[0].load();
      assertEquals(stored?.value, `${race} ${winner}`);
      epoch = stored!.epoch;
    }
  },

  async "two values do not disturb each other"(one, two) {
    const first = await one.open("state").save("a", 0);
    const other = await two.open("lease", { volatile: true }).save("b", 0);
    assert(first.done && other.done);
    assert((await one.open("state").save("c", first.epoch)).done);
    assertEquals((await one.open("lease").load())?.value, "b");
    assertEquals([...await one.names()].sort(), ["lease", "state"]);
  },

  async "a change is reported to every watch, until the watch ends"(one, two) {
    const seen = Promise.withResolvers<void>();
    const named = Promise.withResolvers<string>();
    const store = two.open("state");
    const end = store.watch(async () => {
      if ((await store.load())?.value === "1") seen.resolve();
    });
    const endAll = two.watchAll((name) => named.resolve(name));
    const first = await one.open("state").save("1", 0);
    assert(first.done);
    await within(seen.promise);
    assertEquals(await within(named.promise), "state");
    end();
    endAll();
  },

  async "a removed value does not exist, and can be saved again"(one, two) {
    const saved = await one.open("old").save("1", 0);
    assert(saved.done);
    await two.remove("old");
    assertEquals(await one.open("old").load(), undefined);
    assertEquals(await one.names(), []);
    assert((await one.open("old").save("2", 0)).done);
    await one.remove("old");
    await one.remove("old");
  },
};

async function within<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`not reported within ${REPORT_MS} ms`)),
    REPORT_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
