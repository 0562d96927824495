/**
 * Machines of engines that have several.
 *
 * @module
 */
import { type Availability, type Engine, EngineError } from "./engine.ts";

/**
 * Decides whether a machine gets instances.
 *
 * @throws {EngineError} `unsupported`: the engine has one machine only
 */
export async function setAvailability(
  engine: Engine,
  machine: string,
  availability: Availability,
): Promise<void> {
  if (!engine.setAvailability) {
    throw new EngineError("unsupported", `engine ${engine.kind} has no machines to choose from`);
  }
  await engine.setAvailability(machine, availability);
}
