/**
 * The certificate of the proxies that speak TLS.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { CERTIFICATE } from "./peer_configs.ts";

/** An EC key, as all peers prefer it. HAProxy wants certificate and key in one file. */
const SCRIPT = `cd "$1" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
  -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \\
  -addext basicConstraints=critical,CA:FALSE -keyout "$2.key" -out "$2.pem" &&
cat "$2.pem" "$2.key" >"$2.both"`;

/**
 * Writes a certificate for `localhost` and 127.0.0.1 with its key.
 *
 * @param folder the folder for its files
 * @throws {ToolError} openssl failed
 */
export async function writeCertificate(folder: string): Promise<void> {
  const { code, stderr } = await run("sh", ["-c", SCRIPT, "sh", folder, CERTIFICATE]);
  if (code !== 0) throw new ToolError(`openssl failed: ${stderr.trim()}`);
}
