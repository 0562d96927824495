/**
 * What every engine has to do, as tests to run against each of them.
 *
 * @module
 */
import { WITH_ANSWERS, WITH_INSTANCES, WITHOUT_INSTANCES } from "./conformance_cases.ts";
import type { Engine, Instance, Launch } from "./engine.ts";

/** An engine to test, and what its interface does not offer. */
export interface Harness {
  readonly engine: Engine;
  /** Ends an instance behind the engine's back. */
  readonly kill: (instance: Instance) => Promise<void> | void;
  /** Takes away whatever is left, after a failure too. Called after the engine was closed. */
  readonly dispose?: () => Promise<void>;
}

/** How an engine differs from the others. */
export interface Exceptions {
  /** Its instances are only pretended: nothing answers at their addresses. */
  readonly nothingAnswers?: boolean;
  /** Somebody else runs its instances, and `Server1` and `Server2` are there. */
  readonly ownsNothing?: boolean;
  /** Not tested now, because what it needs is not here. */
  readonly ignore?: boolean;
}

/**
 * What to start in a test.
 *
 * @param name the replica's name
 * @param rest what else is asked for
 */
export function launch(name: string, rest: Partial<Launch> = {}): Launch {
  return { name, spare: false, template: {}, ...rest };
}

/** One test of an engine. */
export type Test = (harness: Harness) => Promise<void>;

/**
 * Registers the tests of one engine.
 *
 * @param label stands before each test's name
 * @param make makes the engine for one test
 * @param exceptions how this one differs
 */
export function testEngine(
  label: string,
  make: () => Promise<Harness> | Harness,
  exceptions: Exceptions = {},
): void {
  const cases = {
    ...(exceptions.ownsNothing ? WITHOUT_INSTANCES : WITH_INSTANCES),
    ...(exceptions.ownsNothing || exceptions.nothingAnswers ? {} : WITH_ANSWERS),
  };
  for (const [name, test] of Object.entries(cases)) {
    Deno.test({
      name: `${label}: ${name}`,
      ignore: exceptions.ignore ?? false,
      fn: () => run(make, test),
    });
  }
}

async function run(make: () => Promise<Harness> | Harness, test: Test): Promise<void> {
  const harness = await make();
  try {
    await test(harness);
  } finally {
    await harness.engine.close();
    await harness.dispose?.();
  }
}
