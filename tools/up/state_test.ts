import { assertEquals } from "@std/assert";
import { readState, removeState, type State, writeState } from "./state.ts";
import { systemTest as test } from "../test/needs.ts";

test("state: a saved state is read back, and can be deleted repeatedly", async () => {
  const folder = await Deno.makeTempDir();
  const file = new URL(`file://${folder}/run/state.json`);
  const state: State = { engine: "process", url: "http://127.0.0.1:5000", fleet: "x", runId: "r" };
  assertEquals(await readState(file), undefined);
  await writeState(state, file);
  assertEquals(await readState(file), state);
  await removeState(file);
  await removeState(file);
  assertEquals(await readState(file), undefined);
  await Deno.remove(folder, { recursive: true });
});

test("state: a truncated file counts as none", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, '{"engine":"proc');
  assertEquals(await readState(new URL(`file://${path}`)), undefined);
  await Deno.remove(path);
});
