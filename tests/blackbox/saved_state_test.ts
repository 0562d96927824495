import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

const ROOT = new URL("../../", import.meta.url);
const MORTAL =
  `${Deno.execPath()} run --quiet --no-prompt --allow-net --allow-env=LIFE_MS,PORT,REFUSES,SERVER_NAME,VERSION ` +
  new URL("../testdata/mortal.ts", import.meta.url).pathname;

/** Lends a test a folder that balancers may write. */
async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = `.run/state/test-${crypto.randomUUID()}`;
  await Deno.mkdir(new URL(`${folder}/`, ROOT), { recursive: true });
  try {
    await test(folder);
  } finally {
    await Deno.remove(new URL(folder, ROOT), { recursive: true });
  }
}

async function run(program: string, ...args: string[]): Promise<boolean> {
  const command = new Deno.Command(program, { args, cwd: ROOT, stdout: "null", stderr: "null" });
  return (await command.output()).success;
}

const names = async (balancer: Balancer) =>
  (await balancer.status()).replicas.map(({ name }) => name);

test({
  name: "with a full disk no call changes anything: 503, and the next life has what this one has",
  // Mounting takes root.
  ignore: PERMITTED && Deno.uid() !== 0,
  fn: () =>
    inFolder(async (folder) => {
      assert(await run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder));
      try {
        const env = {
          LB_ENGINE: "process",
          LB_STATE_FILE: `${folder}/fleet.json`,
          LB_ADMIN_OPEN: "true",
        };
        const first = await Balancer.ready(env);
        assertEquals((await first.call("POST", "/add", { n: 1, hostnames: ["S4"] })).status, 200);
        await run("dd", "if=/dev/zero", `of=${folder}/fill`, "bs=1k", "count=1000");
        const before = await names(first);
        const calls: [string, string, unknown][] = [
          ["POST", "/add", { n: 1, hostnames: ["S5"] }],
          ["DELETE", "/rm", { n: 1, hostnames: ["S4"] }],
          ["POST", "/_lb/deploy", { command: MORTAL }],
        ];
        for (const [method, path, body] of calls) {
          const answer = await first.call(method, path, body);
          assertEquals(answer.status, 503, path);
          assertStringIncludes(JSON.stringify(answer.body), "No space left on device");
        }
        assertEquals(await names(first), before);
        await Deno.remove(new URL(`${folder}/fill`, ROOT));
        assertEquals((await first.call("POST", "/add", { n: 1, hostnames: ["S6"] })).status, 200);
        const saved = await names(first);
        await first.end("SIGKILL");
        await using second = await Balancer.ready(env);
        assertEquals(await names(second), saved);
      } finally {
        await run("umount", folder);
      }
    }),
});

test("a deploy that kill -9 of the balancer cut off goes on in its next life, for all replicas", () =>
  inFolder(async (folder) => {
    const env = {
      LB_ENGINE: "process",
      LB_STATE_FILE: `${folder}/fleet.json`,
      LB_REPLICA_COMMAND: MORTAL,
      LB_ADMIN_OPEN: "true",
    };
    const first = await Balancer.ready(env);
    const response = await first.fetch("/_lb/deploy", {
      method: "POST",
      body: JSON.stringify({ command: `env VERSION=2 ${MORTAL}` }),
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; !text.includes("event: replaced");) {
      const { value, done } = await reader.read();
      assert(!done, `the deploy ended before it could be cut off: ${response.status} ${text}`);
      text += value;
    }
    await first.end("SIGKILL");
    await reader.cancel().catch(() => {});
    await using second = await Balancer.ready(env);
    const deadline = performance.now() + 180_000;
    for (
      let versions = new Set<string>();
      ![...versions].every((one) => one === "2") || versions.size === 0;
    ) {
      assert(performance.now() < deadline, `a mixture stayed: ${[...versions]}`);
      const answers = Array.from({ length: 20 }, async () => (await second.fetch("/")).json());
      versions = new Set((await Promise.all(answers)).map(({ version }) => String(version)));
    }
    assertEquals(await names(second), ["Server1", "Server2", "Server3"]);
  }));

test("of a state file that was cut off the state before the last change is used", () =>
  inFolder(async (folder) => {
    const env = { LB_ENGINE: "process", LB_STATE_FILE: `${folder}/fleet.json`, LB_REPLICAS: "1" };
    const first = await Balancer.ready(env);
    for (const name of ["S2", "S3"]) {
      assertEquals((await first.call("POST", "/add", { n: 1, hostnames: [name] })).status, 200);
    }
    await first.end("SIGKILL");
    await Deno.truncate(new URL(`${folder}/fleet.json`, ROOT).pathname, 20);
    const second = await Balancer.ready(env);
    assertEquals(await names(second), ["Server1", "S2"]);
    const { output } = await second.end("SIGTERM");
    assertStringIncludes(output, "is empty or cut off");
  }));
