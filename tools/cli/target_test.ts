import { assertEquals, assertRejects } from "@std/assert";
import { ToolError } from "../tool.ts";
import { findTarget, type Surroundings, type TargetOptions } from "./target.ts";

const FILES: Record<string, string> = {
  token: "s3cret\n",
  made: "m4de\n",
  ".run/state/ringkeeper@127.0.0.1_5001.admin-token": "default\n",
  ".run/state/other@127.0.0.1_7001.admin-token": "other-fleet\n",
  "kept.json.admin-token": "kept\n",
};

function around(env: Record<string, string>, started?: string, other?: string): Surroundings {
  return {
    env: (name) => env[name],
    others: () => Promise.resolve(other ? [{ engine: "process", url: other, fleet: "shop" }] : []),
    state: () =>
      Promise.resolve(
        started
          ? {
            engine: "process",
            url: started,
            service: "http://127.0.0.1:8080",
            tokenFile: "made",
            fleet: "ringkeeper",
          }
          : undefined,
      ),
    readFile: (path) => {
      const text = FILES[path];
      return text === undefined
        ? Promise.reject(new Deno.errors.NotFound("not found"))
        : Promise.resolve(text);
    },
  };
}

async function urlOf(given: TargetOptions, env: Record<string, string>, started?: string) {
  return (await findTarget(given, around(env, started))).url;
}

async function refusal(given: TargetOptions, env: Record<string, string> = {}, other?: string) {
  const error = await assertRejects(
    () => findTarget(given, around(env, undefined, other)),
    ToolError,
  );
  return [error.exitCode, error.message];
}

Deno.test("the balancer's address comes from the option, the environment, the last start or the default", async () => {
  const env = { RINGKEEPER_URL: "http://lb:81/", LB_PORT: "8080" };
  const started = "http://127.0.0.1:9000";
  assertEquals(await urlOf({ url: "https://host/lb/" }, env, started), "https://host/lb");
  assertEquals(await urlOf({}, env, started), "http://lb:81");
  assertEquals(await urlOf({}, { LB_PORT: "8080" }), "http://127.0.0.1:8081");
  assertEquals(await urlOf({}, { LB_PORT: "8080", LB_PUBLIC_API: "all" }), "http://127.0.0.1:8080");
  assertEquals(await urlOf({}, { LB_ADMIN_LISTEN: "0.0.0.0:7000" }), "http://127.0.0.1:7000");
  assertEquals(await urlOf({}, { LB_PORT: "6000" }, started), "http://127.0.0.1:6001");
  // The default port was taken: only the record of the last start has the real one.
  assertEquals(await urlOf({}, { LB_PORT: "8080" }, started), started);
  assertEquals(await urlOf({}, { RINGKEEPER_URL: "", LB_PORT: "" }, started), started);
  assertEquals(await urlOf({}, {}), "http://127.0.0.1:5001");
  assertEquals(await urlOf({ url: "unix:/run/lb.sock" }, env, started), "unix:/run/lb.sock");
});

Deno.test("the token comes from a file, or else from the environment", async () => {
  const env = { LB_ADMIN_TOKEN: "other" };
  assertEquals((await findTarget({ tokenFile: "token" }, around(env))).token, "s3cret");
  assertEquals((await findTarget({}, around(env))).token, "other");
  assertEquals("token" in await findTarget({ url: "http://lb" }, around({})), false);
  const inFile = { LB_ADMIN_TOKEN_FILE: "token" };
  assertEquals((await findTarget({}, around(inFile))).token, "s3cret");
  assertEquals((await findTarget({}, around({ ...env, ...inFile }))).token, "other");
});

Deno.test("the default token is the generated one of this fleet and this port", async () => {
  const found = async (env: Record<string, string>, started?: string) => {
    const { token, found } = await findTarget({}, around(env, started));
    return [token, found];
  };
  const started = "http://127.0.0.1:9000";
  assertEquals(await found({}, started), ["m4de", true]);
  assertEquals(await found({ RINGKEEPER_URL: "http://127.0.0.1:9001" }, started), [
    undefined,
    undefined,
  ]);
  assertEquals(await found({}), ["default", true]);
  assertEquals(await found({ LB_FLEET: "other" }), [undefined, undefined]);
  assertEquals(await found({ LB_FLEET: "other", LB_PORT: "7000" }), ["other-fleet", true]);
  assertEquals(await found({ LB_STATE_FILE: "kept.json" }), ["kept", true]);
  assertEquals(await found({ LB_ADMIN_TOKEN: "given" }, started), ["given", undefined]);
});

Deno.test("an invalid address or token is refused with the valid forms", async () => {
  const rule = "must be a URL such as http://127.0.0.1:5001, or unix:/path; got";
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

Deno.test("an invalid token is refused without showing it", async () => {
  const [code, message] = await refusal({}, { LB_ADMIN_TOKEN: "two words" });
  assertEquals([code, String(message).includes("words")], [2, false]);
});

Deno.test("without a given address, a balancer of another fleet is not used", async () => {
  const other = "http://127.0.0.1:5001";
  const message = 'nothing was started of the fleet "ringkeeper", and http://127.0.0.1:5001 is ' +
    'the fleet "shop"; set LB_FLEET=shop, or name the balancer with --url';
  assertEquals(await refusal({}, {}, other), [3, message]);
  const found = await findTarget({}, around({ LB_PORT: "5000" }, undefined, other));
  assertEquals(found.url, other);
});
