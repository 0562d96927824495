/**
 * A fleet on the machine's Docker Engine that no other test touches.
 *
 * @module
 */
import {
  containersOf,
  DOCKER_TESTS_IGNORED,
  sweep,
  uniqueName,
} from "../../../balancer/engine/docker_harness.ts";
import { systemTest } from "../../../tools/test/needs.ts";

/** Settings of a fleet whose containers no other run of the tests touches. */
export class DockerFleet implements AsyncDisposable {
  readonly name = uniqueName();

  get env(): Record<string, string> {
    return {
      LB_ENGINE: "docker",
      LB_FLEET: this.name,
      LB_CONTAINER_PREFIX: `${this.name}-`,
      LB_DOCKER_NETWORK: this.name,
      // A busy machine is no reason to replace a container whose instance a test compares.
      LB_HEARTBEAT_TIMEOUT_MS: "5000",
    };
  }

  /** Ids of all existing containers, in any state. */
  containers(): Promise<string[]> {
    return containersOf(this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await sweep({ fleet: this.name, network: this.name });
  }
}

/** A test on real containers. */
export function dockerTest(name: string, fn: (fleet: DockerFleet) => Promise<void>): void {
  systemTest({
    name,
    ignore: DOCKER_TESTS_IGNORED,
    fn: async () => {
      await using fleet = new DockerFleet();
      await fn(fleet);
    },
  });
}
