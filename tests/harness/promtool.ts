/**
 * Prometheus' own judge, from Debian's package prometheus.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { PERMITTED } from "../../tools/test/needs.ts";

/** Where it is not there, nothing can be judged, unless `LB_TEST_PROMTOOL=required` insists. */
export const PROMTOOL_TESTS_IGNORED = !PERMITTED ||
  Deno.env.get("LB_TEST_PROMTOOL") !== "required" &&
    !await isThere();

/**
 * Runs a check of promtool, and fails if it reports a fault.
 *
 * @param args its arguments
 * @param input its standard input
 */
export async function promtool(args: readonly string[], input = ""): Promise<void> {
  const process = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([input]).stream().pipeTo(process.stdin);
  const { code, stdout, stderr } = await process.output();
  const says = new TextDecoder().decode(stderr);
  assertEquals(code, 0, new TextDecoder().decode(stdout) + says);
  // Advice on names and units is no failure to it.
  assertEquals(args[1] === "metrics" ? says : "", "");
}

async function isThere(): Promise<boolean> {
  try {
    await new Deno.Command("promtool", { args: ["--version"], stdout: "null", stderr: "null" })
      .output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
