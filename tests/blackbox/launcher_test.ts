import { assertEquals, assertMatch } from "@std/assert";
import { dirname } from "node:path";
import { Balancer } from "../harness/balancer.ts";
import { denoDir } from "../harness/shell.ts";
import { denoArgs } from "../../tools/up/balancer_command.ts";
import { ROOT } from "../../tools/project.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

const TOKEN = "a-token-of-the-test";
const LAUNCHER = new URL("ringkeeper", ROOT).pathname;
const WITH_DENO = PERMITTED ? `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` : "";

interface Run {
  readonly cwd: string;
  readonly env?: Record<string, string>;
}

async function run(program: string, args: readonly string[], { cwd, env = {} }: Run) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    signal: AbortSignal.timeout(120_000),
    env: { PATH: WITH_DENO, LB_FLEET: "", LB_PORT: "", RINGKEEPER_URL: "", ...env },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out ?? "", stderr: err ?? "" };
}

/** A folder that is gone after the test. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

test("the launcher runs the program from any folder, also through symbolic links", () =>
  inFolder(async (folder) => {
    await Deno.symlink(LAUNCHER, `${folder}/first`);
    await Deno.symlink("first", `${folder}/second`);
    for (const program of [LAUNCHER, `${folder}/first`, `${folder}/second`]) {
      const { code, stdout, stderr } = await run(program, ["version"], { cwd: folder });
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout, /^ringkeeper \d/);
    }
  }));

test("arguments and exit codes pass through the launcher as they are", () =>
  inFolder(async (folder) => {
    const wrong = await run(LAUNCHER, ["explain", "a b", "--id", "1"], { cwd: folder });
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    const nowhere = ["weigh", "it's $HOME", "1", "--url", "http://127.0.0.1:9"];
    assertEquals((await run(LAUNCHER, nowhere, { cwd: folder })).code, 3);
    const typed = await run(LAUNCHER, ["add", "it's $HOME=x"], { cwd: folder });
    assertMatch(typed.stderr, /^error: NAME must be a weight such as 2 or 0\.5; got "x"/);
  }));

test("without deno on the PATH the launcher runs the Deno that was fetched into .tools/", () =>
  inFolder(async (folder) => {
    const project = await copyOfProject(folder);
    const tools = `${project}/.tools/bin`;
    await Deno.mkdir(tools, { recursive: true });
    await Deno.symlink(Deno.execPath(), `${tools}/deno`);
    const env = { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir() };
    const found = await run("sh", ["-c", "command -v deno"], { cwd: folder, env });
    assertEquals(found.stdout, "");
    const { code, stdout, stderr } = await run(`${project}/ringkeeper`, ["version"], {
      cwd: folder,
      env,
    });
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^ringkeeper \d/);
  }));

test("installed by deno install, the program works from any folder", () =>
  inFolder(async (folder) => {
    const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const args = [...denoArgs(tasks.install), "--root", folder];
    const installed = await run(Deno.execPath(), args, { cwd: ROOT.pathname });
    assertEquals(installed.code, 0, installed.stderr);
    const program = `${folder}/bin/ringkeeper`;

    await using balancer = await Balancer.ready({
      LB_ENGINE: "process",
      LB_REPLICAS: "1",
      LB_ADMIN_TOKEN: TOKEN,
    });
    await Deno.writeTextFile(`${folder}/token`, TOKEN);
    const env = { RINGKEEPER_URL: balancer.own };
    const status = await run(program, ["status"], { cwd: folder, env });
    assertEquals([status.code, status.stderr], [0, ""]);
    assertMatch(status.stdout, /^1 of 1 replica ready, engine process\n/);
    const added = await run(program, ["add", "S2", "--token-file", "token"], { cwd: folder, env });
    assertEquals(added, { code: 0, stdout: "2 replicas: Server1, S2\n", stderr: "" });
    const down = await run(program, ["down"], { cwd: folder, env: { LB_FLEET: "of-the-test" } });
    assertEquals([down.code, down.stdout.endsWith("nothing runs\n")], [0, true], down.stderr);
  }));

test("a token file is found from the folder in which the command was typed, by every way", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/token`, `${TOKEN}\n`);
    const args = ["status", "--token-file", "token", "--url", "http://127.0.0.1:9"];
    // Another task or an npm script may have started the command.
    const env = { INIT_CWD: "/" };
    assertEquals((await run(LAUNCHER, args, { cwd: folder, env })).code, 3);
    const task = [
      "-u",
      "INIT_CWD",
      Deno.execPath(),
      "task",
      "--config",
      new URL("deno.json", ROOT).pathname,
      "ringkeeper",
      ...args,
    ];
    assertEquals((await run("env", task, { cwd: folder })).code, 3);
    assertEquals((await run(LAUNCHER, args, { cwd: "/" })).code, 2);
  }));

/** The project without its history, its state and its own Deno. */
async function copyOfProject(folder: string): Promise<string> {
  const project = `${folder}/project`;
  await Deno.mkdir(project);
  const leftOut = ["--exclude=./.git", "--exclude=./.run", "--exclude=./.tools"];
  const copy = `tar -C "$0" ${leftOut.join(" ")} -cf - . | tar -C "$1" -xf -`;
  const { code, stderr } = await run("sh", ["-c", copy, ROOT.pathname, project], { cwd: folder });
  assertEquals([code, stderr], [0, ""]);
  return project;
}
