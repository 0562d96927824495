/**
 * A fleet's objects on the Docker Engine, found by labels alone, so that they are found without the
 * state file.
 *
 * @module
 */
import { lastLines, run } from "../command.ts";
import { docker, ids } from "./command.ts";
import type { FleetPlaces } from "../fleet_places.ts";
import { ROOT } from "../project.ts";

/** Compose's labels: the project, its working folder, the service. */
const PROJECT_LABEL = "com.docker.compose.project";
const FOLDER_LABEL = "com.docker.compose.project.working_dir";
const IS_BALANCER = "label=com.docker.compose.service=balancer";

/** The containers of a compose project, by the checkout that owns them. */
interface ProjectContainers {
  /** Ids of the containers that this checkout started. */
  readonly own: readonly string[];
  /** Folder of another checkout that started the rest; undefined if there are none. */
  readonly foreign?: string;
}

/**
 * Returns the containers of a fleet's project, running or not.
 *
 * @param places the places of the fleet
 */
export async function projectContainers({ project }: FleetPlaces): Promise<ProjectContainers> {
  const format = `{{.ID}} {{.Label "${FOLDER_LABEL}"}}`;
  const text = await docker(["ps", "--all", "--filter", labelOf(project), "--format", format]);
  const rows = text.split("\n").filter((row) => row !== "")
    .map((row) => [row.split(" ", 1)[0] ?? "", row.slice(row.indexOf(" ") + 1)] as const);
  const foreign = await foreignFolder(new Set(rows.map(([, folder]) => folder)));
  const own = rows.filter(([, folder]) => folder !== foreign).map(([id]) => id);
  return { own, ...(foreign === undefined ? {} : { foreign }) };
}

function labelOf(project: string): string {
  return `label=${PROJECT_LABEL}=${project}`;
}

/** A deleted checkout owns nothing: the next checkout may end its containers. */
async function foreignFolder(folders: ReadonlySet<string>): Promise<string | undefined> {
  for (const folder of folders) {
    if (folder !== "" && await isOtherCheckout(folder)) return folder;
  }
  return undefined;
}

/** Asks the shell, because the folder may be outside this program's read permission. */
async function isOtherCheckout(folder: string): Promise<boolean> {
  const script = 'test -f "$1/compose.yaml" && ! test "$1" -ef "$2"';
  return (await run("sh", ["-c", script, "sh", folder, ROOT.pathname])).code === 0;
}

/**
 * Returns the ids of the balancer's container that this checkout started.
 *
 * @param places the places of the fleet
 * @param onlyRunning whether stopped containers are left out
 */
export async function balancerContainers(
  places: FleetPlaces,
  onlyRunning: boolean,
): Promise<string[]> {
  const running = onlyRunning ? ["--filter", "status=running"] : ["--all"];
  const filters = ["--filter", labelOf(places.project), "--filter", IS_BALANCER];
  const [balancers, { own }] = await Promise.all([
    ids(["ps", "-q", ...running, ...filters]),
    projectContainers(places),
  ]);
  return balancers.filter((id) => own.includes(id));
}

/** The published address of the balancer, `127.0.0.1:5000`; empty if not published. */
export async function publishedAddress(container: string): Promise<string> {
  const result = await run("docker", ["port", container, "5000/tcp"]);
  return result.stdout.trim().split("\n")[0] ?? "";
}

/**
 * Reads a small file in a container, which needs no shell; undefined if there is none.
 *
 * @param container its id
 * @param path the file
 */
export async function fileIn(container: string, path: string): Promise<string | undefined> {
  const result = await run("docker", ["cp", `${container}:${path}`, "-"]);
  if (result.code !== 0) return undefined;
  // A tar archive of one file: a header of 512 bytes, with the size in octal, and the text.
  const size = parseInt(result.stdout.slice(124, 136), 8);
  return result.stdout.slice(512, 512 + size);
}

/** Returns a container's last log lines. */
export async function containerLog(container: string, lines: number): Promise<string> {
  const result = await run("docker", ["logs", "--tail", String(lines), container]);
  return lastLines(result.stdout + result.stderr, lines);
}

/** A container's restart count and present state. */
export async function restarts(container: string): Promise<{ count: number; state: string }> {
  const format = "{{.RestartCount}} {{.State.Status}}";
  const result = await run("docker", ["inspect", "--format", format, container]);
  const [count = "0", state = "gone"] = result.stdout.trim().split(" ");
  return { count: Number(count), state };
}

/**
 * Whether a network exists that compose did not create for this project: compose accepts such a
 * network only as `external`.
 *
 * @param network its name
 * @param places the places of the fleet
 */
export async function isExternalNetwork(
  network: string,
  { project }: FleetPlaces,
): Promise<boolean> {
  const format = `{{index .Labels "${PROJECT_LABEL}"}}`;
  const result = await run("docker", ["network", "inspect", "--format", format, network]);
  return result.code === 0 && result.stdout.trim() !== project;
}
