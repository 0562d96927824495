import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Result } from "../../tools/attack/attack.ts";
import { mutations } from "../../tools/attack/mutations.ts";
import { attackEntrance, paths } from "../../tools/attack/paths.ts";
import { type RecordingServer, startPython } from "../../tools/attack/recording_servers.ts";
import { resets } from "../../tools/attack/resets.ts";
import { sentRequests } from "../../tools/attack/sent_requests.ts";
import { Differential, smuggling } from "../../tools/attack/smuggling.ts";
import { SmugglingCorpus } from "../../tools/attack/smuggling_corpus.ts";
import { run, sameDeno } from "../../tools/command.ts";
import { systemTest, systemTest as test } from "../../tools/test/needs.ts";

/** The short form of each attack. The floods' is tests/blackbox/flood_test.ts. */
const SHORT = { seed: 20_261, seconds: 1 };

function assertHeld(results: readonly Result[]): void {
  for (const { against, fallen } of results) assertEquals(fallen, [], against);
}

test("no spelling of a path and no field makes a call that needs a token", async () => {
  assertHeld(await paths.run({ ...SHORT, count: 200 }));
});

test("no message makes a real server read another request than was sent", async () => {
  assertHeld(await smuggling.run({ ...SHORT, count: 150 }));
});

test("damaged messages keep no client from being served", async () => {
  assertHeld(await mutations.run({ ...SHORT, count: 400 }));
});

test("connections that are reset delay the next request by less than a second", async () => {
  assertHeld(await resets.run({ ...SHORT, count: 500 }));
});

test("the attack on paths sees that a balancer without a guard falls", async () => {
  const { fallen } = await attackEntrance({
    about: "open to everyone",
    settings: { LB_PUBLIC_API: "all", LB_ADMIN_OPEN: "true", LB_READ_TOKEN: "" },
    own: false,
    carries: () => true,
  }, { ...SHORT, count: 200 });
  assert(fallen.some((finding) => finding.startsWith("answer 200")), fallen.join("\n"));
});

const PYTHON = (await run("sh", ["-c", "command -v python3"])).code === 0;

systemTest({
  name: "the attack by smuggling sees that a lenient server without the balancer falls",
  ignore: !PYTHON,
  fn: async () => {
    await inFolder(async (folder) => {
      await using server: RecordingServer = await startPython(folder);
      const port = Number(server.address.split(":")[1]);
      const { fallen } = await new Differential(server, port).run({ ...SHORT, count: 100 });
      assert(fallen.some((finding) => finding.startsWith('answer "/hidden/')), fallen.join("\n"));
    });
  },
});

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the same seed gives the same corpus", () => {
  const corpus = (seed: number) => {
    const messages = new SmugglingCorpus(seed);
    return Array.from({ length: 50 }, () => messages.next({ outer: "/a", hidden: "/b" }));
  };
  assertEquals(corpus(3), corpus(3));
  assert(corpus(3).join() !== corpus(4).join());
});

Deno.test("the requests of a client end with the first one that is ambiguous", () => {
  const host = "Host: a\r\n";
  const good = `GET /1 HTTP/1.1\r\n${host}\r\n`;
  const chunked =
    `POST /2 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`;
  const both = `POST /3 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n`;
  const short = `PUT /4 HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nabc`;
  const first = { method: "GET", target: "/1", body: "" };
  const second = { method: "POST", target: "/2", body: "x" };
  assertEquals(sentRequests(good + chunked + both + good), [first, second]);
  const cut = { method: "PUT", target: "/4", body: undefined };
  assertEquals(sentRequests(good + short), [first, cut]);
});

test("deno task attack prints a table, and refuses an attack that does not exist", async () => {
  const attack = (...args: string[]) => run("sh", sameDeno(["task", "attack", ...args]));
  const good = await attack("--only", "paths", "--count", "5");
  assertEquals(good.code, 0, good.stderr);
  assertMatch(good.stdout, /^\| attack +\| tried \| fell \|/);
  assertMatch(good.stdout, /paths: the API's own port +\| +5 \| +0 \|/);
  const wrong = await attack("--only", "nothing");
  assertEquals(wrong.code, 2);
  assertMatch(wrong.stderr, /--only must be some of .*; got "nothing"/);
});
