import { assertEquals, assertMatch } from "@std/assert";
import { dirname } from "node:path";
import { Balancer } from "../harness/balancer.ts";
import { denoDir, isInstalled, TypedShell } from "../harness/shell.ts";
import { terminal } from "../harness/terminal.ts";
import { ROOT } from "../../tools/project.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

/** The launcher finds this Deno, and the shells find the launcher. */
const PATH = PERMITTED
  ? `${ROOT.pathname}:${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`
  : "";

const [zsh, fish] = PERMITTED
  ? await Promise.all(["zsh", "fish"].map(isInstalled))
  : [false, false];

async function scriptOf(shell: string): Promise<string> {
  const { code, stdout } = await terminal(undefined, "completion", [shell]);
  assertEquals(code, 0);
  return stdout;
}

async function output(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], cwd: ROOT, env: { PATH, ...env } });
  const { code, stdout, stderr } = await command.output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, errors], [0, ""]);
  return text ?? "";
}

/** Bash's completions of the last word. */
async function bashOffers(words: readonly string[], env: Record<string, string>): Promise<string> {
  const asked = `${await scriptOf("bash")}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _ringkeeper
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const offers = await output(
    "bash",
    ["--norc", "-c", asked, "bash", "./ringkeeper", ...words],
    env,
  );
  return offers.trim().replaceAll("\n", " ");
}

test("bash is offered verbs, options, values, and the names of the replicas that there are", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process", LB_REPLICAS: "2" });
  const env = { RINGKEEPER_URL: balancer.own, LB_FLEET: "" };
  assertEquals(await bashOffers(["st"], env), "status");
  assertEquals(await bashOffers(["completion", ""], env), "bash zsh fish");
  assertEquals(await bashOffers(["plan", "--l"], env), "--layout");
  assertEquals(await bashOffers(["plan", "--layout", "r"], env), "ring rendezvous");
  assertEquals(await bashOffers(["plan", "--layout", "=", "ev"], env), "even");
  assertEquals(await bashOffers(["rm", ""], env), "Server1 Server2");
  assertEquals(await bashOffers(["rm", "Server1", "S"], env), "Server2");
  assertEquals(await bashOffers(["plan", "--weight", ""], env), "Server1= Server2=");
  assertEquals(await bashOffers(["settings", "LB_HOLD_M"], env), "LB_HOLD_MS");
});

test("without a balancer names are not completed, and nothing else is printed", async () => {
  const env = { RINGKEEPER_URL: "http://127.0.0.1:9", LB_FLEET: "" };
  assertEquals(await bashOffers(["rm", ""], env), "");
});

test("a tab in bash completes the verb", async () => {
  const script = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(script, await scriptOf("bash"));
    await using shell = new TypedShell("bash --norc --noprofile -i", {
      cwd: ROOT.pathname,
      env: { PATH, TERM: "dumb", PS1: "$ ", INPUTRC: "/dev/null" },
    });
    await shell.type(`source ${script}; echo ready$((40 + 2))\n`, "ready42");
    await shell.type("./ringkeeper versi\t", "version ");
    assertMatch(await shell.type("\n", "(Deno "), /ringkeeper \d+\.\d+\.\d+ /);
  } finally {
    await Deno.remove(script);
  }
});

test("the script for bash is one that bash can read", async () => {
  assertEquals(await output("bash", ["-n", "-c", await scriptOf("bash")]), "");
});

test({
  name: `a tab in zsh completes the verb${zsh ? "" : " (ignored: zsh is not installed)"}`,
  ignore: !zsh,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/_ringkeeper`, await scriptOf("zsh"));
      assertEquals(await output("zsh", ["-n", `${folder}/_ringkeeper`]), "");
      await using shell = new TypedShell("zsh -f -i", {
        cwd: ROOT.pathname,
        env: { PATH, TERM: "dumb", HOME: folder, DENO_DIR: await denoDir() },
      });
      const load = `fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D`;
      await shell.type(`${load}; echo ready$((40 + 2))\n`, "ready42");
      await shell.type("./ringkeeper versi\t", "version ");
      assertMatch(await shell.type("\n", "(Deno "), /ringkeeper \d+\.\d+\.\d+ /);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

test({
  name: `fish is offered verbs with what they are for${
    fish ? "" : " (ignored: fish is not installed)"
  }`,
  ignore: !fish,
  fn: async () => {
    const home = await Deno.makeTempDir();
    try {
      const script = await scriptOf("fish");
      const asked = `${script}\ncomplete -C 'ringkeeper sta'\ncomplete -C 'ringkeeper completion '`;
      const env = { HOME: home, DENO_DIR: await denoDir() };
      const offers = await output("fish", ["--no-config", "-c", asked], env);
      const shells = "bash\nfish\nzsh";
      assertEquals(offers.trim(), `status\treplicas, their state and the ring\n${shells}`);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});
