/**
 * The machine that a bench ran on, and what it measured there.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ROOT } from "../../tools/project.ts";

/** Its processor, number of cores, kernel and load. */
export async function describeMachine(): Promise<Record<string, string | number>> {
  const cpu = await shell("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1");
  return {
    cpu,
    cores: Number(await shell("nproc --all")),
    kernel: await shell("uname -sr"),
    memory: await shell("sed -n 's/^MemTotal: *//p' /proc/meminfo"),
    openFiles: Number(await shell("ulimit -Hn")),
    loadAverage: await shell("cut -d ' ' -f 1 /proc/loadavg"),
  };
}

/** The project's revision and the Deno that runs it. */
export async function ownVersion(): Promise<string> {
  const { stdout } = await run("sh", ["-c", DESCRIBE, "sh", ROOT.pathname]);
  return `${stdout.trim() || "unknown revision"}, Deno ${Deno.version.deno}`;
}

const DESCRIBE = 'cd "$1" && git describe --always --dirty --abbrev=10';

/** The first line that a program prints about its version; "" if there is none. */
export async function versionLine(program: string, option: string): Promise<string> {
  return (await shell(`${program} ${option} 2>&1 | head -n 1`)).replace(/\s*Copyright.*/, "");
}

/** Whether a program is there. */
export async function isThere(program: string): Promise<boolean> {
  return await shell(`command -v ${program}`) !== "";
}

async function shell(script: string): Promise<string> {
  return (await run("sh", ["-c", script])).stdout.trim();
}
