import { assertEquals } from "@std/assert";
import { systemTest as test } from "../tools/test/needs.ts";

/** All files of the package. */
async function packageFiles(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    if (/\.(ts|json|md)$/.test(name) && !name.endsWith("_test.ts")) names.push(name);
  }
  return names;
}

/** Copies the package away from the project. */
async function copyPackage(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/ring`);
  for (const name of await packageFiles()) {
    await Deno.copyFile(new URL(name, import.meta.url), `${folder}/ring/${name}`);
  }
}

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function deno(args: string[], cwd: string): Promise<Output> {
  const options = { args, cwd, env: { NO_COLOR: "1" } };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs a script without permissions beside a copy of the package. */
async function runBeside(script: string): Promise<Output> {
  const folder = await Deno.makeTempDir();
  try {
    await copyPackage(folder);
    await Deno.writeTextFile(`${folder}/main.ts`, script);
    const flags = ["--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm"];
    return await deno(["run", "--check", ...flags, `${folder}/main.ts`], folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

test("The folder alone is a package: no project around it, no network, no permission", async () => {
  const { code, stdout, stderr } = await runBeside(`
    import { compareRings, Ring } from "./ring/mod.ts";
    const one = Ring.build({ members: ["a", "b", "c"] });
    const other = Ring.build({ members: ["a", "b", { name: "c", weight: 1 }] });
    console.log(one.ownerOfKey("alice") === other.ownerOfKey("alice"), compareRings(one, other).share);
  `);
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "true 0\n", stderr: "" });
});

test("The package's description names its exports", async () => {
  const text = await Deno.readTextFile(new URL("jsr.json", import.meta.url));
  const { name, version, exports } = JSON.parse(text);
  assertEquals(name, "@ringkeeper/ring");
  assertEquals(/^\d+\.\d+\.\d+$/.test(version), true);
  assertEquals(typeof (await import(new URL(exports, import.meta.url).href)).Ring, "function");
});

test("The registry's own check accepts the package and its files (a publication without sending)", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await copyPackage(folder);
    const args = ["publish", "--dry-run", "--allow-dirty", "--no-lock"];
    const { code, stderr } = await deno(args, `${folder}/ring`);
    assertEquals(code, 0, stderr);
    const files = [...stderr.matchAll(/^ +file:\/\/\S+\/ring\/(\S+) \(/gm)].map(([, name]) => name);
    assertEquals(files.sort(), (await packageFiles()).sort(), stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
