/**
 * The machine that a bench ran on, and the versions of the measured programs.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ROOT } from "../../tools/project.ts";

/** Facts about the machine, as results keep them. */
export type Machine = Readonly<Record<string, string | number>>;

/** A contestant needs something that this machine lacks; the message names the remedy. */
export class Missing extends Error {
  override readonly name = "Missing";
}

/** Its processor, number of cores, kernel, memory, limit of open files and load. */
export async function describeMachine(): Promise<Machine> {
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
  const revision = await shell("git describe --always --dirty --abbrev=10");
  return `${revision || "unknown revision"}, Deno ${Deno.version.deno}`;
}

/** The first line that a program prints about its version; "" if the program is not installed. */
export async function versionLine(program: string, option: string): Promise<string> {
  return (await shell(`${program} ${option} 2>&1 | head -n 1`)).replace(/\s*Copyright.*/, "");
}

/** Whether a program is installed. */
export async function isThere(program: string): Promise<boolean> {
  return await shell(`command -v ${program}`) !== "";
}

async function shell(script: string): Promise<string> {
  const { stdout } = await run("sh", ["-c", `cd "$1" && ${script}`, "sh", ROOT.pathname]);
  return stdout.trim();
}
