import { assert, assertEquals, assertRejects } from "@std/assert";
import { TestFailures } from "../fleet/testing.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { testSharedStore } from "./conformance.ts";
import { FileStores, SharedFolderError } from "./file_store.ts";

class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir({ prefix: "ringkeeper-store-" }));
  }

  client(): Promise<FileStores> {
    return FileStores.open(this.path, new TestFailures());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

testSharedStore("file store", () => Folder.make(), test);

test("file store: only a few epochs of a value are kept, and no drafts", async () => {
  await using folder = await Folder.make();
  const stores = await folder.client();
  const store = stores.open("state", { volatile: true });
  for (let epoch = 0; epoch < 40; epoch++) await store.save(`v${epoch}`, epoch);
  const files = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
  assertEquals(files.length, 16, files.join());
  assertEquals((await store.load())?.value, "v39");
});

test("file store: a writer that was stopped before its save takes effect loses, although its epoch was removed", async () => {
  await using folder = await Folder.make();
  const stores = await folder.client();
  const store = stores.open("state", { volatile: true });
  for (let epoch = 0; epoch < 3; epoch++) await store.save(`v${epoch}`, epoch);
  // The stopped writer has read epoch 3; the others go on, and epoch 4 is removed.
  const realLink = Deno.link;
  const reached = Promise.withResolvers<void>();
  const resume = Promise.withResolvers<void>();
  Deno.link = async (...paths) => {
    Deno.link = realLink;
    reached.resolve();
    await resume.promise;
    return await realLink(...paths);
  };
  const late = store.save("late", 3);
  await reached.promise;
  for (let epoch = 3; epoch < 30; epoch++) assert((await store.save(`v${epoch}`, epoch)).done);
  const files = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
  assert(!files.includes("state.4"));
  resume.resolve();
  await assertRejects(() => late, SharedFolderError, "cannot tell whether state was saved");
  assertEquals((await store.load())?.value, "v29");
});

test("file store: a folder that others can write, or that does not exist, is refused", async () => {
  await using folder = await Folder.make();
  await assertRejects(
    () => FileStores.open(`${folder.path}/none`, new TestFailures()),
    SharedFolderError,
    `LB_STORE: the folder ${folder.path}/none does not exist`,
  );
  await Deno.chmod(folder.path, 0o777);
  await assertRejects(() => folder.client(), SharedFolderError, "it has mode 0777");
});
