import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileStore } from "./file_store.ts";
import { type SavedFleet, StoreError } from "./store.ts";
import { quietLog } from "../testing.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const FLEET: SavedFleet = { configured: 3, names: ["Server1", "S4"], template: { image: "app:2" } };

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/fleet.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const storeAt = (path: string) => new FileStore(path, quietLog);
const loadAt = async (path: string) => (await storeAt(path).load())?.value;

async function refusal(path: string): Promise<string> {
  return (await assertRejects(() => storeAt(path).load(), StoreError)).message;
}

test("the last state that was saved is loaded, with its epoch", () =>
  inFolder(async (path) => {
    const store = storeAt(path);
    assertEquals(await store.load(), undefined);
    assertEquals(await store.save({ ...FLEET, names: ["Server1"] }, 0), { done: true, epoch: 1 });
    assertEquals(await store.save(FLEET, 1), { done: true, epoch: 2 });
    assertEquals(await storeAt(path).load(), { value: FLEET, epoch: 2 });
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  }));

test("a save with another epoch than the stored one is refused", () =>
  inFolder(async (path) => {
    await storeAt(path).save(FLEET, 4);
    assertEquals(await storeAt(path).save({ ...FLEET, names: [] }, 4), { done: false });
    assertEquals(await loadAt(path), FLEET);
  }));

test("weights, shape, settings, a deploy and unknown template fields are loaded as they were saved", () =>
  inFolder(async (path) => {
    const shape = { slots: 512, virtualServers: 9, layout: "even", hashes: "seed" } as const;
    const fleet: SavedFleet = {
      ...FLEET,
      settings: { image: "app:1" },
      deploy: { image: "app:3", imageId: "sha256:3", tmpfs: "/tmp" } as SavedFleet["template"],
      weights: { S4: 0.5 },
      shape: { settings: shape, inForce: { ...shape, slots: 64 } },
    };
    await storeAt(path).save({ ...fleet, zones: ["a"] } as SavedFleet, 0);
    assertEquals(await loadAt(path), fleet);
  }));

test("a file of an earlier version is read, and replaced by the next save", () =>
  inFolder(async (path) => {
    const { template, ...rest } = FLEET;
    await Deno.writeTextFile(path, `${JSON.stringify({ ...rest, template })}\n`);
    assertEquals(await storeAt(path).load(), { value: FLEET, epoch: 0 });
    assertEquals(await storeAt(path).save(FLEET, 0), { done: true, epoch: 1 });
  }));

test("a truncated draft is not read", () =>
  inFolder(async (path) => {
    await storeAt(path).save(FLEET, 0);
    await Deno.writeTextFile(`${path}.new`, '{"configured":');
    assertEquals(await loadAt(path), FLEET);
  }));

test("the previous state replaces an empty or truncated file, and the next save keeps it", () =>
  inFolder(async (path) => {
    for (const text of ["", '{"epoch":2,"configured":3,"na']) {
      const store = storeAt(path);
      await store.save(FLEET, 0);
      await store.save({ ...FLEET, names: ["Server9"] }, 1);
      await Deno.writeTextFile(path, text);
      assertEquals(await store.load(), { value: FLEET, epoch: 1 });
      assertEquals(await store.save({ ...FLEET, names: ["S7"] }, 1), { done: true, epoch: 2 });
      await Deno.writeTextFile(path, "");
      assertEquals(await loadAt(path), FLEET);
      await Deno.remove(path);
    }
  }));

test("a file of another form is refused with its name and the fault", () =>
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
      assertEquals((await refusal(path)).startsWith(`LB_STATE_FILE: ${path} does not hold`), true);
    }
  }));

test("names in a file are validated as in the API", () =>
  inFolder(async (path) => {
    const others = { configured: 3, template: {} };
    for (const name of ["../etc", "a b", "", "a-", `${"x".repeat(64)}`, "a.next", "-v"]) {
      for (const fields of [{ names: [name] }, { names: ["a"], weights: { [name]: 2 } }]) {
        await Deno.writeTextFile(path, JSON.stringify({ ...others, ...fields }));
        assertEquals(
          (await refusal(path)).startsWith(`LB_STATE_FILE: ${path} does not hold`),
          true,
        );
      }
    }
  }));

test("a command is accepted only from a file that no other user can have written", () =>
  inFolder(async (path) => {
    for (
      const fields of [{ template: { command: "sh" } }, { template: {}, deploy: { command: "sh" } }]
    ) {
      const text = JSON.stringify({ configured: 3, names: ["a"], ...fields });
      await Deno.writeTextFile(path, text, { mode: 0o600 });
      await Deno.chmod(path, 0o600);
      assertEquals(await loadAt(path), JSON.parse(text));
      for (const mode of [0o644, 0o660, 0o606]) {
        await Deno.chmod(path, mode);
        assertStringIncludes(await refusal(path), `mode 0600`);
        assertStringIncludes(await refusal(path), `mode 0${mode.toString(8)}`);
      }
      await Deno.chmod(path, 0o600);
      if (Deno.uid() === 0) {
        await Deno.chown(path, 65534, null);
        assertStringIncludes(await refusal(path), "user 65534");
        await Deno.chown(path, 0, null);
      }
    }
  }));

test("a missing folder is an error at the start", () =>
  inFolder(async (path) => {
    assertEquals(
      await refusal(`${path}/deeper/fleet.json`),
      `LB_STATE_FILE: the folder of ${path}/deeper/fleet.json does not exist`,
    );
  }));

test("a failed save keeps the earlier state and leaves no draft", () =>
  inFolder(async (path) => {
    await storeAt(path).save(FLEET, 0);
    await Deno.mkdir(`${path}.new`);
    const error = await assertRejects(
      () => storeAt(path).save({ ...FLEET, names: [] }, 1),
      StoreError,
    );
    assertStringIncludes(error.message, `LB_STATE_FILE: cannot write ${path}`);
    assertEquals(await loadAt(path), FLEET);
  }));
