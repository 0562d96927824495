/**
 * For the build stage of the images: fetches only the packages that the given programs import at
 * runtime. deno.lock names every package of the project, those of tests and benchmarks too, and
 * Deno fetches everything in a lock file.
 *
 *     deno run tools/docker/runtime_packages.ts ENTRY_POINT...
 *
 * Rewrites deno.json and deno.lock of the current folder with the remaining packages. Each keeps
 * the version and digest of the project's lock file.
 *
 * @module
 */

/** The fields of deno.json that this tool reads. */
interface Manifest {
  readonly imports: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** The fields of deno.lock that this tool reads. */
interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/** The fields of `deno info --json` that this tool reads. */
interface Graph {
  readonly modules: readonly {
    readonly dependencies?: readonly { readonly specifier: string; readonly code?: unknown }[];
  }[];
}

const MANIFEST = "deno.json";
const LOCK = "deno.lock";

/** Fields of deno.json that matter at runtime. */
const RUNTIME_FIELDS = ["version", "imports", "nodeModulesDir", "unstable", "compilerOptions"];

/** Package files that no program reads: declarations, source maps, documents, sources. */
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

/** The programs' imports, as written in the sources; type imports are left out. */
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

/** A package that is missing in the project's lock file, or has another digest there. */
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
