import { testSharedStore } from "./conformance.ts";
import { MemoryStores } from "./memory_store.ts";

testSharedStore("memory store", () => {
  const stores = new MemoryStores();
  return Promise.resolve({
    client: () => Promise.resolve(stores),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
