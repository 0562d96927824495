/**
 * The files that LB_TLS_CERTIFICATES and LB_ACME_CA name, for a balancer in the background or in a container.
 *
 * @module
 */
import { parseCertificateFiles } from "../../balancer/settings/values.ts";
import { ToolError } from "../tool.ts";

/** The paths that the balancer has to read: the folder or the files, and those of an authority. */
export function certificatePaths(): string[] {
  const source = parseCertificateFiles(Deno.env.get("LB_TLS_CERTIFICATES") ?? "");
  const authority = Deno.env.get("LB_ACME_CA") ?? "";
  const more = authority === "" ? [] : [authority];
  if (!source) return more;
  return "folder" in source
    ? [source.folder, ...more]
    : [...source.pairs.flatMap(({ cert, key }) => [cert, key]), ...more];
}

/**
 * The folder to mount into the balancer's container, by its full path; a name alone would be a
 * volume of Docker.
 *
 * @throws {ToolError} the setting names files, or no folder of this machine
 */
export async function certificateFolder(): Promise<Record<string, string>> {
  const text = Deno.env.get("LB_TLS_CERTIFICATES") ?? "";
  const source = parseCertificateFiles(text);
  if (!source) return {};
  if (!("folder" in source)) {
    throw new ToolError(
      `LB_TLS_CERTIFICATES: must be a folder, which is mounted into the container; got ${text}`,
    );
  }
  try {
    return { LB_TLS_CERTIFICATES: await Deno.realPath(source.folder) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ToolError(`LB_TLS_CERTIFICATES: must be a folder; ${text} does not exist`);
  }
}
