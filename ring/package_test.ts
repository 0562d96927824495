import { assertEquals } from "@std/assert";
import { systemTest as test } from "../tools/needs.ts";

/** Everything that belongs to the package. */
async function packageFiles(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    if (/\.(ts|json|md)$/.test(name) && !name.endsWith("_test.ts")) names.push(name);
  }
  return names;
}

/** Copies the package away from the project, and runs a script beside it that may do nothing. */
async function runBeside(
  script: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/ring`);
    for (const name of await packageFiles()) {
      await Deno.copyFile(new URL(name, import.meta.url), `${folder}/ring/${name}`);
    }
    await Deno.writeTextFile(`${folder}/main.ts`, script);
    const flags = ["--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm"];
    const args = ["run", "--check", ...flags, `${folder}/main.ts`];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder })
      .output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
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

test("The package's description names what is exported", async () => {
  const text = await Deno.readTextFile(new URL("jsr.json", import.meta.url));
  const { name, version, exports } = JSON.parse(text);
  assertEquals(name, "@ringkeeper/ring");
  assertEquals(/^\d+\.\d+\.\d+$/.test(version), true);
  assertEquals(typeof (await import(new URL(exports, import.meta.url).href)).Ring, "function");
});
