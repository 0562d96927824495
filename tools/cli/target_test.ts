import { assertEquals, assertRejects } from "@std/assert";
import { ToolError } from "../tool.ts";
import { findTarget, type Surroundings, type TargetOptions } from "./target.ts";

function around(env: Record<string, string>, started?: string): Surroundings {
  return {
    env: (name) => env[name],
    state: () =>
      Promise.resolve(
        started ? { engine: "process", url: started, fleet: "ringkeeper" } : undefined,
      ),
    readFile: (path) =>
      path === "token" ? Promise.resolve("s3cret\n") : Promise.reject(new Error("not found")),
  };
}

async function urlOf(given: TargetOptions, env: Record<string, string>, started?: string) {
  return (await findTarget(given, around(env, started))).url;
}

async function refusal(given: TargetOptions, env: Record<string, string> = {}) {
  const error = await assertRejects(() => findTarget(given, around(env)), ToolError);
  return [error.exitCode, error.message];
}

Deno.test("the balancer is where the option, the environment, the last start or nobody says", async () => {
  const env = { RINGKEEPER_URL: "http://lb:81/", LB_PORT: "8080" };
  const started = "http://127.0.0.1:9000";
  assertEquals(await urlOf({ url: "https://host/lb/" }, env, started), "https://host/lb");
  assertEquals(await urlOf({}, env, started), "http://lb:81");
  assertEquals(await urlOf({}, { LB_PORT: "8080" }, started), "http://127.0.0.1:8080");
  assertEquals(await urlOf({}, { RINGKEEPER_URL: "", LB_PORT: "" }, started), started);
  assertEquals(await urlOf({}, {}), "http://127.0.0.1:5000");
  assertEquals(await urlOf({ url: "unix:/run/lb.sock" }, env, started), "unix:/run/lb.sock");
});

Deno.test("the token comes from a file or else from the environment", async () => {
  const env = { LB_ADMIN_TOKEN: "other" };
  assertEquals((await findTarget({ tokenFile: "token" }, around(env))).token, "s3cret");
  assertEquals((await findTarget({}, around(env))).token, "other");
  assertEquals("token" in await findTarget({}, around({})), false);
  const inFile = { LB_ADMIN_TOKEN_FILE: "token" };
  assertEquals((await findTarget({}, around(inFile))).token, "s3cret");
  assertEquals((await findTarget({}, around({ ...env, ...inFile }))).token, "other");
});

Deno.test("what names no balancer and no token is refused with what would", async () => {
  const rule = "must be a URL such as http://127.0.0.1:5000, or unix:/path; got";
  assertEquals(await refusal({ url: "host:80" }), [2, `--url ${rule} "host:80"`]);
  assertEquals(await refusal({ url: "http://a:b@c" }), [2, `--url ${rule} "http://a:b@c"`]);
  assertEquals(await refusal({}, { RINGKEEPER_URL: "nothing" }), [
    2,
    `RINGKEEPER_URL ${rule} "nothing"`,
  ]);
  assertEquals(await refusal({}, { LB_PORT: "0" }), [
    2,
    'LB_PORT must be a whole number from 1 to 65535; got "0"',
  ]);
  assertEquals(await refusal({ tokenFile: "none" }), [
    2,
    '--token-file must be a file that can be read; got "none: not found"',
  ]);
  assertEquals(await refusal({}, { LB_ADMIN_TOKEN_FILE: "none" }), [
    2,
    'LB_ADMIN_TOKEN_FILE must be a file that can be read; got "none: not found"',
  ]);
});

Deno.test("a token that cannot be one is refused without being told", async () => {
  const [code, message] = await refusal({}, { LB_ADMIN_TOKEN: "two words" });
  assertEquals([code, String(message).includes("words")], [2, false]);
});
