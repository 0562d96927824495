import { assert, assertEquals } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { commandsOf, comparable, runCommands, runnableBlocks } from "../harness/guide.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const ROOT = new URL("../../", import.meta.url);

test("the commands of README and guides that are marked `sh run` do as shown", async (t) => {
  const pages = await runnablePages();
  assert(pages.length >= 6, `${pages.length} pages`);
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  for (const [page, blocks] of pages) {
    await t.step(page, async () => {
      for (const block of blocks) {
        for (const { command, shown, output } of await runCommands(commandsOf(block), balancer)) {
          for (const text of shown) {
            const expected = JSON.parse(text);
            const actual = JSON.parse(output);
            assertEquals(comparable(actual, expected), comparable(expected, expected), command);
          }
        }
      }
    });
  }
});

Deno.test("the commands of a block have the output that is shown below them", () => {
  const [block = ""] = runnableBlocks('a\n\n```sh run\none\n# {"a":1}\n\n# words\ntwo\n```\n');
  assertEquals(commandsOf(block), [
    { command: "one", shown: ['{"a":1}'] },
    { command: "two", shown: [] },
  ]);
});

/** Pages with their runnable blocks, the README last: it leaves a fleet of other members. */
async function runnablePages(): Promise<(readonly [string, string[]])[]> {
  const guides: string[] = [];
  for await (const { name } of Deno.readDir(new URL("docs/guide", ROOT))) {
    guides.push(`docs/guide/${name}`);
  }
  const blocks = await Promise.all(
    [...guides.sort(), "README.md"].map(async (page) =>
      [page, runnableBlocks(await Deno.readTextFile(new URL(page, ROOT)))] as const
    ),
  );
  return blocks.filter(([, found]) => found.length > 0);
}
