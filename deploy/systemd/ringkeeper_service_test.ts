import { assertEquals } from "@std/assert";
import { run } from "../../tools/command.ts";
import { ROOT } from "../../tools/project.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";

const UNIT = new URL("deploy/systemd/ringkeeper.service", ROOT);
const SYSTEMD = "/usr/bin/systemd-analyze";

/** Exposure as `systemd-analyze security` counts it, in tenths. */
const LARGEST_EXPOSURE = 20;

/** The words of a line of the unit, after `name=`. */
async function wordsOf(name: string): Promise<string[]> {
  const text = await Deno.readTextFile(UNIT);
  return new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1]?.split(" ") ?? [];
}

/** What is the same wherever the balancer is installed: the paths are not. */
function withoutPlaces(args: readonly string[]): string[] {
  const own = ["--cached-only"];
  return args.filter((arg) => !/^--allow-(read|write)=/.test(arg) && !own.includes(arg));
}

test("the systemd unit gives the balancer the permissions of its task, and places of its own", async () => {
  const [program, ...args] = await wordsOf("ExecStart");
  assertEquals(program, "/usr/local/bin/deno");
  assertEquals(withoutPlaces(args), withoutPlaces(await balancerArgs()));
});

test("the systemd unit fetches the packages of every program that it starts", async () => {
  const programs = (await wordsOf("ExecStartPre")).filter((word) => word.endsWith(".ts"));
  for (const program of programs) await Deno.stat(new URL(program, ROOT));
  assertEquals(programs.includes("balancer/main.ts"), true);
});

test({
  name: "systemd accepts the unit and finds little exposed",
  ignore: !(await exists(SYSTEMD)),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/ringkeeper.service`;
      const text = await Deno.readTextFile(UNIT);
      await Deno.writeTextFile(path, text.replaceAll("/usr/local/bin/deno", "/bin/sh"));
      const verified = await run(SYSTEMD, ["verify", path]);
      assertEquals([verified.code, verified.stderr], [0, ""]);
      const bound = [`--threshold=${LARGEST_EXPOSURE}`, "--offline=yes", "--no-pager"];
      const { code, stdout } = await run(SYSTEMD, ["security", ...bound, path]);
      assertEquals(code, 0, stdout);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function exists(path: string): Promise<boolean> {
  const state = await Deno.permissions.query({ name: "read", path });
  if (state.state !== "granted") return false;
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
