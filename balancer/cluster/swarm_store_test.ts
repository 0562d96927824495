import { assert, assertEquals, assertRejects } from "@std/assert";
import { TestFailures } from "../fleet/testing.ts";
import { testSharedStore } from "./conformance.ts";
import { type ConfigsApi, type SwarmConfig, SwarmStoreError, SwarmStores } from "./swarm_store.ts";

/** A swarm's configs in memory, with its rules: versions of all configs grow together. */
class TestConfigs implements ConfigsApi {
  readonly configs = new Map<string, SwarmConfig>();
  readonly #listeners = new Set<(name: string) => void>();
  #version = 10;
  /** Runs before the next read, as another client does. */
  meanwhile: (() => void) | undefined;
  down = false;

  find(nameOrId: string): Promise<SwarmConfig | undefined> {
    const meanwhile = this.meanwhile;
    this.meanwhile = undefined;
    meanwhile?.();
    if (this.down) return Promise.reject(new Error("the swarm does not have a leader"));
    return Promise.resolve(this.configs.get(nameOrId));
  }

  list(label: string): Promise<readonly SwarmConfig[]> {
    const [key, value] = label.split("=");
    const all = [...this.configs.values()];
    return Promise.resolve(all.filter(({ labels }) => labels[key!] === value));
  }

  create(name: string, labels: SwarmConfig["labels"]): Promise<boolean> {
    if (this.configs.has(name)) return Promise.resolve(false);
    this.put(name, labels);
    return Promise.resolve(true);
  }

  update(
    { name }: Pick<SwarmConfig, "name">,
    version: number,
    labels: SwarmConfig["labels"],
  ): Promise<boolean> {
    if (this.configs.get(name)?.version !== version) return Promise.resolve(false);
    this.put(name, labels);
    return Promise.resolve(true);
  }

  remove(id: string): Promise<void> {
    const name = id.slice("id of ".length);
    this.configs.delete(name);
    for (const listener of this.#listeners) listener(name);
    return Promise.resolve();
  }

  async *changes(signal: AbortSignal): AsyncGenerator<string> {
    const names: string[] = [];
    let wake = Promise.withResolvers<void>();
    const listener = (name: string) => {
      names.push(name);
      wake.resolve();
    };
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => wake.resolve());
    while (!signal.aborted) {
      yield* names.splice(0);
      await wake.promise;
      wake = Promise.withResolvers();
    }
    this.#listeners.delete(listener);
  }

  put(name: string, labels: SwarmConfig["labels"]): void {
    this.#version += 3;
    this.configs.set(name, { id: `id of ${name}`, name, version: this.#version, labels });
    for (const listener of this.#listeners) listener(name);
  }
}

function open(api: TestConfigs, fleet = "shop"): Promise<SwarmStores> {
  return SwarmStores.open({ api, fleet, pollMs: 2000, failures: new TestFailures() });
}

testSharedStore("swarm store", () => {
  const api = new TestConfigs();
  return Promise.resolve({
    client: () => open(api),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

Deno.test("swarm store: a save answers its own epoch, although others saved before it was read", async () => {
  const api = new TestConfigs();
  const [one, two] = [(await open(api)).open("state"), (await open(api)).open("state")];
  const first = await one.save("1", 0);
  assert(first.done);
  let others: Promise<unknown> | undefined;
  api.meanwhile = () => {
    others = (async () => {
      const found = await two.load();
      await two.save("3", (await two.save("2b", found!.epoch) as { epoch: number }).epoch);
    })();
  };
  const saved = await one.save("2", first.epoch);
  await others;
  assert(saved.done);
  assert(saved.epoch > first.epoch);
  const last = await one.load();
  assertEquals(last?.value, "3");
  assert(last!.epoch > saved.epoch);
});

Deno.test("swarm store: a config of the same name that is not of the fleet is neither read, replaced nor removed", async () => {
  const api = new TestConfigs();
  const stores = await open(api);
  api.put("ringkeeper.shop.state", { some: "label" });
  const foreign = api.configs.get("ringkeeper.shop.state");
  const message = "the config ringkeeper.shop.state is not of the fleet shop";
  await assertRejects(() => stores.open("state").load(), SwarmStoreError, message);
  assertEquals(await stores.open("state").save("1", 0), { done: false });
  await assertRejects(() => stores.remove("state"), SwarmStoreError, message);
  assertEquals(await stores.names(), []);
  assertEquals(api.configs.get("ringkeeper.shop.state"), foreign);
});

Deno.test("swarm store: two fleets share a swarm, also if their long names begin alike", async () => {
  const api = new TestConfigs();
  const long = "a".repeat(60);
  const [one, two] = [await open(api, `${long}1`), await open(api, `${long}2`)];
  assert((await one.open("balancer-12345678").save("1", 0)).done);
  assert((await two.open("balancer-12345678").save("2", 0)).done);
  assertEquals((await one.open("balancer-12345678").load())?.value, "1");
  for (const name of api.configs.keys()) assert(name.length <= 64, name);
});

Deno.test("swarm store: without a leader a call fails with the swarm's reason", async () => {
  const api = new TestConfigs();
  const store = (await open(api)).open("state");
  api.down = true;
  await assertRejects(() => store.load(), Error, "does not have a leader");
});
