import { FLOODS, withstand } from "../harness/floods.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Seconds for each flood: `FLOOD_SECONDS=10` is the long form, with every flood at every limit. Its figures go to `.run/floods.jsonl`. */
const GIVEN = granted() ? Deno.env.get("FLOOD_SECONDS") : undefined;
const SECONDS = Number(GIVEN ?? "3");
const LONG = GIVEN !== undefined;

function granted(): boolean {
  return Deno.permissions.querySync({ name: "env", variable: "FLOOD_SECONDS" }).state === "granted";
}

/** Limits of open files, and how many connections a flood has; undefined: this machine's limit. */
const LIMITS: readonly (readonly [number | undefined, number])[] = [
  [256, 900],
  [1024, 1200],
  [undefined, LONG ? 4000 : 1500],
];

/** The long form leaves its figures in a file. */
async function note(openFiles: number | undefined, kinds: readonly string[], served: object) {
  const line = JSON.stringify({ openFiles, kinds, ...served });
  await Deno.writeTextFile(".run/floods.jsonl", `${line}\n`, { append: true });
}

for (const [openFiles, connections] of LIMITS) {
  const files = openFiles === undefined ? "this machine's limit of" : String(openFiles);
  for (const kind of LONG || openFiles === 256 ? Object.keys(FLOODS) : []) {
    test(`with ${files} open files ${kind} stop nothing`, async () => {
      const served = await withstand({ kinds: [kind], openFiles, connections, seconds: SECONDS });
      if (LONG) await note(openFiles, [kind], served);
    });
  }
  test(`with ${files} open files all floods at once stop nothing`, async () => {
    const served = await withstand({
      kinds: Object.keys(FLOODS),
      openFiles,
      connections,
      seconds: SECONDS,
    });
    if (LONG) await note(openFiles, ["all"], served);
  });
}
