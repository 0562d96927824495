/**
 * The permissions that a test needs beyond plain `deno test`, which grants none. A test without its
 * permissions is ignored, with the reason in its name. This module loads without permissions.
 *
 * @module
 */

/** A permission that a test may need. */
type Need = "env" | "net" | "read" | "run" | "sys" | "write";

/** The permissions of `permissions.default` in deno.json, which `deno test -P` grants. */
const ALL: readonly Need[] = ["env", "net", "read", "run", "sys", "write"];

/** `Deno.test`, or a substitute that registers every test as ignored. */
type Register = typeof Deno.test;

/**
 * Returns the permissions that this run lacks.
 *
 * @param needs permissions to check
 */
export function missing(...needs: readonly Need[]): Need[] {
  return needs.filter((name) => Deno.permissions.querySync({ name }).state !== "granted");
}

/**
 * Registers tests that need permissions, as `Deno.test` does.
 *
 * @param needs the permissions of the tests; all permissions if none is named
 */
function testWith(...needs: readonly Need[]): Register {
  const lacking = missing(...(needs.length > 0 ? needs : ALL));
  // Deno.test itself, so that a failure is reported at the line of the test.
  return lacking.length === 0 ? Deno.test : ignoring(lacking);
}

/** Whether this run has every permission that tests of the running system use. */
export const PERMITTED: boolean = missing(...ALL).length === 0;

/** Registers tests of sockets, files, processes, containers and browsers: all permissions. */
export const systemTest: Register = testWith();

/**
 * Loads a module that reads files or the environment at import, as some packages do.
 *
 * @param load imports the module
 * @returns the module; an empty one if permissions are missing, in which case every test that
 *   would use it is ignored
 */
export async function whenPermitted<T>(load: () => Promise<T>): Promise<T> {
  return PERMITTED ? await load() : {} as T;
}

function ignoring(lacking: readonly Need[]): Register {
  const suffix = ` (ignored: needs ${lacking.join(", ")}; deno test -P runs it)`;
  const register = (...args: readonly unknown[]): void =>
    Deno.test({ name: nameOf(args) + suffix, ignore: true, fn: () => {} });
  const each = (cases: Iterable<unknown>) => (...args: readonly unknown[]): void => {
    for (const _ of cases) register(...args);
  };
  const nothing = (): void => {};
  const one = Object.assign(register, { each });
  return Object.assign(register, {
    each,
    ignore: one,
    only: one,
    sanitizer: nothing,
    beforeAll: nothing,
    beforeEach: nothing,
    afterAll: nothing,
    afterEach: nothing,
  });
}

/** The name, in any of the overloads of `Deno.test`. */
function nameOf(args: readonly unknown[]): string {
  for (const arg of args) {
    if (typeof arg === "string") return arg;
    const name: unknown = Reflect.get(Object(arg), "name");
    if (typeof name === "string" && name !== "") return name;
  }
  return "a test";
}
