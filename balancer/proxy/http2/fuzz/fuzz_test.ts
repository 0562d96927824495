import { assert, assertEquals } from "@std/assert";
import { PERMITTED } from "../../../../tools/test/needs.ts";
import { fuzz } from "./fuzz.ts";

/** `FUZZ_FRAMES=1000000` is the whole run; the same seed makes the shorter one its beginning. */
const FRAMES = Number(PERMITTED && Deno.env.get("FUZZ_FRAMES") || 100_000);

Deno.test("Whatever frames a client sends, every rule of the session holds", () => {
  const { frames, sessions, requests, errors } = fuzz(FRAMES, 20260101);
  assertEquals(frames, FRAMES);
  assert(sessions > FRAMES / 100, `${sessions} sessions`);
  assert(requests > FRAMES / 20, `${requests} requests`);
  assert(errors.size >= 5, `only these errors: ${[...errors]}`);
});
