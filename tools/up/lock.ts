/**
 * One at a time: of two `up` of a fleet at once, each would take the other's balancer for a foreign
 * one.
 *
 * @module
 */
import { RUN_DIR } from "../project.ts";

/**
 * Waits until no other process holds the lock, and holds it until disposed of or until this
 * process ends, however it ends.
 *
 * @param name name of the lock
 * @param folder where its file is; made where it is missing
 */
export async function takeLock(name: string, folder = RUN_DIR): Promise<Disposable> {
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(new URL(`${name}.lock`, folder), { write: true, create: true });
  await file.lock(true);
  return { [Symbol.dispose]: () => file.close() };
}
