/**
 * Certificates for tests, made by openssl.
 *
 * @module
 */

/** A pair of files: the certificate chain and its private key. */
interface PairFiles {
  readonly cert: string;
  readonly key: string;
}

/** Properties of a certificate. */
interface CertificateOptions {
  /** Subject alternative names: DNS names, or entries such as `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  readonly subject?: string;
  readonly kind?: "ec" | "rsa";
  readonly days?: number;
  /** The authority that signs it; without one it signs itself. */
  readonly signer?: PairFiles;
  /** Whether it may sign other certificates. */
  readonly authority?: boolean;
}

/**
 * Makes `NAME.pem` and `NAME.key` in a folder; existing files are replaced.
 *
 * @param folder the folder
 * @param name name of the files without their endings
 * @param options properties of the certificate
 */
export async function makePair(
  folder: string,
  name: string,
  options: CertificateOptions = {},
): Promise<PairFiles> {
  const pair = { cert: `${folder}/${name}.pem`, key: `${folder}/${name}.key` };
  const { names = [name], subject = `/CN=${names[0]}`, kind = "ec", days = 30, signer } = options;
  const key = kind === "ec"
    ? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    : ["-newkey", "rsa:2048"];
  const entries = names.map((one) => one.includes(":") ? one : `DNS:${one}`).join(",");
  const extensions = [
    `subjectAltName=${entries}`,
    `basicConstraints=critical,CA:${options.authority ? "TRUE" : "FALSE"}`,
  ];
  await openssl([
    "req",
    "-x509",
    ...key,
    "-nodes",
    "-keyout",
    pair.key,
    "-out",
    pair.cert,
    "-days",
    String(days),
    "-subj",
    subject,
    ...extensions.flatMap((one) => ["-addext", one]),
    ...(signer ? ["-CA", signer.cert, "-CAkey", signer.key] : []),
  ]);
  return pair;
}

/** Runs openssl and returns its output. @throws {Error} it failed; the message is its output */
export async function openssl(args: readonly string[], input = ""): Promise<string> {
  const command = new Deno.Command("openssl", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = command.stdin.getWriter();
  // It may end without reading its input.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Error(`openssl ${args[0]}: ${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

/** The text of a pair's files. */
export async function readPair({ cert, key }: PairFiles): Promise<PairFiles> {
  return { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
}

/** Configuration of `openssl ca`, the only command of this version that sets both dates. */
const CA_CONFIG = `[ca]
default_ca = one
[one]
new_certs_dir = .
database = index
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`;

/**
 * Makes a pair whose validity ended in 2020.
 *
 * @param folder the folder
 * @param name name of the files without their endings, and the certificate's DNS name
 * @param signer the authority that signs it
 */
export async function makeExpiredPair(
  folder: string,
  name: string,
  signer: PairFiles,
): Promise<PairFiles> {
  const work = await Deno.makeTempDir();
  const pair = { cert: `${folder}/${name}.pem`, key: `${folder}/${name}.key` };
  const request = `${work}/request`;
  const keyType = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  try {
    const config = CA_CONFIG.replaceAll(/= (\.|index|serial)$/gm, `= ${work}/$1`);
    await Deno.writeTextFile(`${work}/config`, config);
    await Deno.writeTextFile(`${work}/index`, "");
    await Deno.writeTextFile(`${work}/serial`, "01\n");
    await openssl(["req", "-new", ...keyType, "-keyout", pair.key, "-out", request, ...subject]);
    const dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
    const files = ["-in", request, "-out", pair.cert, "-cert", signer.cert, "-keyfile", signer.key];
    await openssl(["ca", "-batch", "-notext", "-config", `${work}/config`, ...dates, ...files]);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return pair;
}
