/**
 * Image references: `nginx`, `registry.example:5000/team/app:2`, `app@sha256:...` (distribution's
 * reference grammar, as the Docker command reads it).
 *
 * @module
 */

/** The parts of a reference. */
export interface ImageReference {
  /** Host and port of the registry. */
  readonly registry: string;
  /** The part before the tag or digest, as written. */
  readonly name: string;
  /** Tag or digest; `latest` by default, as in the Docker command. */
  readonly tag: string;
}

/** The registry of references without one. */
export const DOCKER_HUB = "docker.io";

/**
 * Parses a reference.
 *
 * @param text the reference as written
 */
export function readReference(text: string): ImageReference {
  const [named = "", digest] = text.split("@");
  // A colon before the last slash belongs to the registry's port.
  const colon = named.lastIndexOf(":") > named.lastIndexOf("/") ? named.lastIndexOf(":") : -1;
  const name = colon < 0 ? named : named.slice(0, colon);
  const tag = digest ?? (colon < 0 ? "latest" : named.slice(colon + 1));
  return { registry: registryOf(name), name, tag };
}

/** The first part is a registry if it looks like a host; otherwise it is a user of Docker Hub. */
function registryOf(name: string): string {
  const [host = "", ...path] = name.split("/");
  const isHost = path.length > 0 && (/[.:]/.test(host) || host === "localhost");
  return isHost ? host : DOCKER_HUB;
}
