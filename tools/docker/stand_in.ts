/**
 * The files of the stand-in base image: Deno, its shared libraries, the libraries for name
 * resolution, the certificates, and no shell.
 *
 * @module
 */
import { run } from "../command.ts";
import { ToolError } from "../tool.ts";

/** Destination and source of a file. */
type FileMap = ReadonlyMap<string, string>;

/** Loaded by the C library for name resolution; newer versions have some of them built in. */
const RESOLVERS = ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"];

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
/** Paths of the trusted certificates, by distribution. */
const CERTIFICATE_BUNDLES = [
  CERTIFICATES,
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
];

/** Files that every image needs and that must not be copied from the machine. */
const TEXTS = {
  "/etc/passwd": "root:x:0:0:root:/:/none\nnobody:x:65534:65534:nobody:/:/none\n",
  "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "/etc/nsswitch.conf": "hosts: files dns\n",
};

/**
 * Returns the files that a Deno binary needs on this machine.
 *
 * @param deno path of the binary
 */
export async function standInFiles(deno: string): Promise<FileMap> {
  const ldd = await run("ldd", [deno]);
  if (ldd.code !== 0) throw new ToolError(`ldd failed: ${ldd.stderr.trim()}`);
  const libraries = parseLdd(ldd.stdout);
  const files = new Map([
    ["/usr/bin/deno", deno],
    ...libraries.map((path) => [path, path] as const),
  ]);
  for (const path of besideLibc(libraries)) {
    if (await isFile(path)) files.set(path, path);
  }
  for (const bundle of CERTIFICATE_BUNDLES) {
    if (!files.has(CERTIFICATES) && await isFile(bundle)) files.set(CERTIFICATES, bundle);
  }
  return files;
}

/** The paths of the libraries for name resolution, if present. */
function besideLibc(libraries: readonly string[]): string[] {
  const libc = libraries.find((path) => path.endsWith("/libc.so.6"));
  if (libc === undefined) throw new ToolError("this deno is not linked to glibc: no stand-in");
  return RESOLVERS.map((name) => libc.replace(/[^/]*$/, name));
}

/**
 * Parses the paths in the output of ldd.
 *
 * @param text lines such as `libm.so.6 => /lib/libm.so.6 (0x7f)` and `/lib64/ld-linux.so.2 (0x7f)`
 */
export function parseLdd(text: string): string[] {
  return text.split("\n").flatMap((line) => /(?:^|\s)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/**
 * Writes the root folder of the stand-in.
 *
 * @param root a folder that does not exist yet
 * @param files the files to copy
 */
export async function writeStandIn(root: string, files: FileMap): Promise<void> {
  for (const [target, source] of files) {
    await makeParent(root + target);
    await Deno.copyFile(source, root + target);
  }
  for (const [target, text] of Object.entries(TEXTS)) {
    await makeParent(root + target);
    await Deno.writeTextFile(root + target, text);
  }
  await Deno.mkdir(`${root}/tmp`);
  await Deno.chmod(`${root}/tmp`, 0o1777);
}

async function makeParent(path: string): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
