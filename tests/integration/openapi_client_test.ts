import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { Balancer } from "../harness/balancer.ts";

const CONFIG = new URL("../../deno.json", import.meta.url);

/** A program that uses the client; `BODY` is filled in, so that a wrong body can be tried, too. */
const PROGRAM = `
import createClient from "openapi-fetch";
import type { components, paths } from "./api.ts";

const [baseUrl = "", token = ""] = Deno.args;
const client = createClient<paths>({ baseUrl, headers: { authorization: \`Bearer \${token}\` } });
const added = await client.POST("/add", { body: BODY });
const names: readonly string[] = added.data?.message.replicas ?? [];
const weighed = await client.PATCH("/_lb/replicas/{name}", {
  params: { path: { name: "S4" } },
  body: { weight: 2 },
});
const explained = await client.GET("/_lb/explain", { params: { query: { key: "alice" } } });
const refused = await client.DELETE("/rm", { body: { n: 1, hostnames: ["S9"] } });
const fault: string | undefined = refused.error?.message;
const status = await client.GET("/_lb/status");
const event: components["schemas"]["FleetEvent"]["type"] = "view";
console.log(JSON.stringify({
  names,
  weighed: weighed.response.status,
  reason: explained.data?.reason,
  refused: [refused.response.status, fault],
  ready: status.data?.replicas.filter(({ state }) => state === "ready").length,
  event,
}));
`;

/** The package of an executable, as deno.json pins it. */
async function pinned(name: string): Promise<string> {
  return JSON.parse(await Deno.readTextFile(CONFIG)).imports[name];
}

/** Runs Deno in a folder. */
async function deno(cwd: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    signal: AbortSignal.timeout(120_000),
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

/** Runs an executable of a package, which may read and look at its surroundings, and nothing else. */
async function tool(cwd: string, name: string, ...args: readonly string[]) {
  const options = ["--quiet", "--no-prompt", "--no-lock", "--no-config"];
  const allowed = ["--allow-read", "--allow-env", "--allow-sys"];
  return await deno(cwd, "run", ...options, ...allowed, await pinned(name), ...args);
}

test("a generated TypeScript client works with a running balancer, and Redocly finds no fault", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "ringkeeper-openapi-" });
  const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
  const program = (body: string) => write("program.ts", PROGRAM.replace("BODY", body));
  const typed = ["--quiet", "--no-lock", "--config", CONFIG.pathname];
  try {
    await using balancer = await Balancer.ready({
      LB_ENGINE: "process",
      LB_REPLICAS: "2",
      LB_ADMIN_TOKEN: "s3cret",
    });
    await write("openapi.json", await (await balancer.fetch("/_lb/openapi.json")).text());

    await t.step("Redocly's recommended rules: no error and no warning", async () => {
      const { code, out, err } = await tool(folder, "@redocly/cli", "lint", "openapi.json");
      assertEquals(code, 0, out + err);
      assert(!/\bwarnings?\b/i.test(out + err), out + err);
      assertStringIncludes(out + err, "valid");
    });

    await t.step("openapi-typescript makes types of it", async () => {
      const { code, out, err } = await tool(folder, "openapi-typescript", "openapi.json");
      assertEquals(code, 0, err);
      await write("api.ts", out);
    });

    await t.step("the program type-checks, and one with a wrong body does not", async () => {
      await program('{ n: "one" }');
      const wrong = await deno(folder, "check", ...typed, "program.ts");
      assertEquals(wrong.code, 1);
      assertStringIncludes(wrong.err, "Type 'string' is not assignable to type 'number'");
      await program('{ n: 1, hostnames: ["S4"] }');
      assertEquals(await deno(folder, "check", ...typed, "program.ts"), {
        code: 0,
        out: "",
        err: "",
      });
    });

    await t.step("the client adds, weighs, asks and is refused", async () => {
      const allowed = ["--no-prompt", "--allow-net=127.0.0.1"];
      const args = [...allowed, "program.ts", balancer.own, "s3cret"];
      const { out, err } = await deno(folder, "run", ...typed, ...args);
      assertEquals(err, "");
      const { reason, ...rest } = JSON.parse(out);
      assertStringIncludes(reason, "alice");
      assertEquals(rest, {
        names: ["Server1", "Server2", "S4"],
        weighed: 200,
        refused: [404, "<Error> hostnames: no replica is called S9"],
        ready: 3,
        event: "view",
      });
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
