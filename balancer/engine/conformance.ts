/**
 * Conformance tests of engines: registers the cases for one engine.
 *
 * @module
 */
import { systemTest } from "../../tools/test/needs.ts";
import {
  SHARED_INSTANCES,
  type Test,
  WITH_ANSWERS,
  WITH_INSTANCES,
  WITHOUT_INSTANCES,
} from "./conformance_cases.ts";
import type { Harness } from "./testing.ts";

export { type Harness, launch } from "./testing.ts";

/** Differences of an engine. */
interface Exceptions {
  /** Its instances are pretended: no program answers at their addresses. */
  readonly nothingAnswers?: boolean;
  /** The balancer does not run its instances; `Server1` and `Server2` exist. */
  readonly ownsNothing?: boolean;
  /** Its instances belong to one balancer, as child processes do. */
  readonly notShared?: boolean;
  /** Skip the tests, because a program that they need is missing. */
  readonly ignore?: boolean;
}

/**
 * Registers the tests of one engine.
 *
 * @param label prefix of each test's name
 * @param make creates the engine of one test
 * @param exceptions differences of this engine
 */
export function testEngine(
  label: string,
  make: () => Promise<Harness> | Harness,
  exceptions: Exceptions = {},
): void {
  const cases = {
    ...(exceptions.ownsNothing ? WITHOUT_INSTANCES : WITH_INSTANCES),
    ...(exceptions.ownsNothing || exceptions.notShared ? {} : SHARED_INSTANCES),
    ...(exceptions.ownsNothing || exceptions.nothingAnswers ? {} : WITH_ANSWERS),
  };
  const register = exceptions.nothingAnswers ? Deno.test : systemTest;
  for (const [name, test] of Object.entries(cases)) {
    register({
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
