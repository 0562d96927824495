import { assertEquals, assertRejects } from "@std/assert";
import { fileStore } from "./file_store.ts";
import { type SavedFleet, StoreError } from "./store.ts";

const FLEET: SavedFleet = { configured: 3, names: ["Server1", "S4"], template: { image: "app:2" } };

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/fleet.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what was saved is loaded, the last of all", () =>
  inFolder(async (path) => {
    const store = fileStore(path);
    assertEquals(await store.load(), undefined);
    await store.save({ ...FLEET, names: ["Server1"] });
    await store.save(FLEET);
    assertEquals(await store.load(), FLEET);
    assertEquals(await fileStore(path).load(), FLEET);
  }));

Deno.test("weights and shape are loaded as they were saved, and fields of later versions let be", () =>
  inFolder(async (path) => {
    const shape = { slots: 512, virtualServers: 9, layout: "even", hashes: "seed" } as const;
    const fleet: SavedFleet = {
      ...FLEET,
      weights: { S4: 0.5 },
      shape: { settings: shape, inForce: { ...shape, slots: 64 } },
    };
    await fileStore(path).save({ ...fleet, zones: ["a"] } as SavedFleet);
    assertEquals(await fileStore(path).load(), fleet);
  }));

Deno.test("a file of an earlier version is read", () =>
  inFolder(async (path) => {
    await Deno.writeTextFile(
      path,
      '{"configured":3,"names":["Server1","S4"],"template":{"image":"app:2"}}\n',
    );
    assertEquals(await fileStore(path).load(), FLEET);
  }));

Deno.test("a file that was cut off while it was written is not seen", () =>
  inFolder(async (path) => {
    await fileStore(path).save(FLEET);
    await Deno.writeTextFile(`${path}.new`, '{"configured":');
    assertEquals(await fileStore(path).load(), FLEET);
  }));

Deno.test("a file that is something else is refused with its name and what is wrong", () =>
  inFolder(async (path) => {
    const broken = [
      "",
      "[]",
      '{"configured":"3","names":[],"template":{}}',
      '{"configured":3,"names":["a"],"template":{},"weights":{"a":-1}}',
      '{"configured":3,"names":["a"],"template":{},"shape":{"inForce":{"layout":"square"}}}',
    ];
    for (const text of broken) {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(() => fileStore(path).load(), StoreError);
      assertEquals(error.message.startsWith(`LB_STATE_FILE: ${path} does not hold`), true);
    }
  }));

Deno.test("a folder that is not there is told at the start", () =>
  inFolder(async (path) => {
    const error = await assertRejects(
      () => fileStore(`${path}/deeper/fleet.json`).load(),
      StoreError,
    );
    assertEquals(
      error.message,
      `LB_STATE_FILE: the folder of ${path}/deeper/fleet.json does not exist`,
    );
  }));
