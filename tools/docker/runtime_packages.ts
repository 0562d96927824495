/**
 * For the build stage of the images: fetches the packages that the named programs import when they
 * run, and nothing else. deno.lock names every package of the project, those of its tests and
 * benchmarks too, and Deno fetches all that a lock file names.
 *
 *     deno run tools/docker/runtime_packages.ts ENTRY_POINT...
 *
 * Writes deno.json and deno.lock of the current folder again with what is left. Every package keeps
 * the version and the digest that it has in the project's lock file.
 *
 * @module
 */

/** The part of deno.json that is read here. */
interface Manifest {
  readonly imports: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** The part of deno.lock that is read here. */
interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/** The part of `deno info --json` that is read here. */
interface Graph {
  readonly modules: readonly {
    readonly dependencies?: readonly { readonly specifier: string; readonly code?: unknown }[];
  }[];
}

const MANIFEST = "deno.json";
const LOCK = "deno.lock";

/** Fields of deno.json that matter when a program runs. */
const RUNTIME_FIELDS = ["version", "imports", "nodeModulesDir", "unstable", "compilerOptions"];

/** Files of packages that no program reads: declarations, source maps, documents, sources. */
const NOT_FOR_RUNNING = /\.(?:d\.[cm]?ts|[cm]?ts|map|md|markdown|flow)$/i;

const entryPoints = Deno.args;
const manifest: Manifest = JSON.parse(Deno.readTextFileSync(MANIFEST));
const locked: Lock = JSON.parse(Deno.readTextFileSync(LOCK));

const used = usedSpecifiers(
  JSON.parse(deno("info", "--json", "--no-npm", ...onlyOne(entryPoints))),
);
Deno.writeTextFileSync(MANIFEST, JSON.stringify(runtimeManifest(manifest, used), undefined, 2));
deno("cache", "--quiet", ...entryPoints);
checkLock(locked, JSON.parse(Deno.readTextFileSync(LOCK)));
removeUnread(`${Deno.env.get("DENO_DIR")}/npm`);

/** `deno info` takes one entry point: one that imports all of them. */
function onlyOne(paths: readonly string[]): string[] {
  const source = paths.map((path) => `import "file://${Deno.cwd()}/${path}";`).join("\n");
  return [`data:application/typescript,${encodeURIComponent(source)}`];
}

/** What the programs import, by the names that stand in the sources; types are not imported. */
function usedSpecifiers({ modules }: Graph): string[] {
  return modules.flatMap(({ dependencies = [] }) =>
    dependencies.filter(({ code }) => code !== undefined).map(({ specifier }) => specifier)
  );
}

function runtimeManifest(
  { imports, ...rest }: Manifest,
  used: readonly string[],
): Record<string, unknown> {
  const kept = Object.entries(imports).filter(([name]) =>
    used.some((specifier) => specifier === name || specifier.startsWith(`${name}/`))
  );
  const fields = Object.entries({ ...rest, imports: Object.fromEntries(kept) });
  return Object.fromEntries(fields.filter(([name]) => RUNTIME_FIELDS.includes(name)));
}

/** A package that the project's lock file does not name, or names with another digest. */
function checkLock(before: Lock, after: Lock): void {
  for (const [id, { integrity }] of Object.entries(after.npm)) {
    if (before.npm[id]?.integrity !== integrity) {
      throw new Error(`${id} is not in ${LOCK}, or has another digest there`);
    }
  }
}

function removeUnread(folder: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) removeUnread(path);
    else if (NOT_FOR_RUNNING.test(name)) Deno.removeSync(path);
  }
}

function deno(...args: string[]): string {
  const command = new Deno.Command("deno", { args, stderr: "inherit" });
  const { success, stdout } = command.outputSync();
  if (!success) throw new Error(`deno ${args[0]} failed`);
  return new TextDecoder().decode(stdout);
}
