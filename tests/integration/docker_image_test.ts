import { assertEquals, assertStringIncludes } from "@std/assert";
import { IMAGE, must, uniqueName } from "../../balancer/engine/docker_harness.ts";
import { Balancer, type Status } from "../harness/balancer.ts";
import { type DockerFleet, dockerTest } from "./harness/docker_fleet.ts";

/** A tag that moves from image to image; each image answers with another text. */
class MovingTag implements AsyncDisposable {
  readonly name = uniqueName();
  readonly #images: string[] = [];

  /** Moves the tag to an image that answers with a text. @returns its id */
  serve(text: string): Promise<string> {
    return this.#commit(`Deno.serve({ port: 8080 }, () => new Response("${text}"))`);
  }

  /** Moves the tag to an image whose program fails. @returns its id */
  fail(): Promise<string> {
    return this.#commit("Deno.exit(3)");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#images) await must("DELETE", `/images/${id}?force=1`);
  }

  async #commit(code: string): Promise<string> {
    const { Id: container } = await must("POST", "/containers/create", { Image: IMAGE });
    const changes = encodeURIComponent(`ENTRYPOINT ${JSON.stringify(["deno", "eval", code])}`);
    const path = `/commit?container=${container}&repo=${this.name}&tag=1&changes=${changes}`;
    const { Id } = await must("POST", path);
    await must("DELETE", `/containers/${container}`);
    this.#images.push(Id);
    return Id;
  }
}

function envOf(fleet: DockerFleet, tag: MovingTag): Record<string, string> {
  return {
    ...fleet.env,
    LB_REPLICAS: "2",
    LB_REPLICA_IMAGE: `${tag.name}:1`,
    LB_REPLICA_PORT: "8080",
    LB_HEALTH_PATH: "/",
    LB_PULL: "never",
    LB_MIN_READY_MS: "0",
  };
}

function imagesOf({ replicas }: Status): (string | undefined)[] {
  return replicas.map(({ image }) => image?.id);
}

function instancesOf({ replicas }: Status): (string | null)[] {
  return replicas.map(({ instance }) => instance).sort();
}

/** Deploys the tag. @returns all steps of the deploy */
async function deploy(balancer: Balancer, tag: MovingTag): Promise<string> {
  const body = JSON.stringify({ image: `${tag.name}:1` });
  const headers = await balancer.bearer();
  return await (await balancer.fetch("/_lb/deploy", { method: "POST", headers, body })).text();
}

/** Registers a test of images; those go once the fleet's containers are gone. */
function imageTest(name: string, fn: (fleet: DockerFleet, tag: MovingTag) => Promise<void>): void {
  dockerTest(name, async (fleet) => {
    await using tag = new MovingTag();
    try {
      await fn(fleet, tag);
    } finally {
      await fleet[Symbol.asyncDispose]();
    }
  });
}

imageTest(
  "a tag that moves mixes no versions: not by a heal, not by /add, not by a new life",
  async (
    fleet,
    tag,
  ) => {
    const first = await tag.serve("one");
    const old = await Balancer.ready(envOf(fleet, tag));
    const before = await old.status();
    assertEquals(imagesOf(before), [first, first]);
    assertEquals(before.replicas[0]?.image?.reference, `${tag.name}:1`);
    assertEquals(before.template["imageId"], first);
    await tag.serve("two");
    const victim = before.replicas[0]?.instance;
    await must("POST", `/containers/${victim}/kill`);
    await old.until(({ replicas, ready }) => ready === 2 && replicas[0]?.instance !== victim);
    assertEquals((await old.call("POST", "/add", { n: 1, hostnames: [] })).status, 200);
    const grown = await old.status();
    assertEquals(imagesOf(grown), [first, first, first]);
    await old.end("SIGKILL");
    await using next = await Balancer.ready(envOf(fleet, tag));
    const after = await next.until(({ ready }) => ready === 3);
    assertEquals(instancesOf(after), instancesOf(grown));
    assertEquals([imagesOf(after), after.template["imageId"]], [[first, first, first], first]);
  },
);

imageTest("a tag that was removed stops no heal", async (fleet, tag) => {
  const id = await tag.serve("one");
  await using balancer = await Balancer.ready(envOf(fleet, tag));
  await must("DELETE", `/images/${tag.name}:1?force=1`);
  const before = await balancer.status();
  for (const { instance } of before.replicas) await must("POST", `/containers/${instance}/kill`);
  const after = await balancer.until(({ replicas, ready }) =>
    ready === 2 && replicas.every(({ restarts }) => restarts === 1)
  );
  assertEquals(imagesOf(after), [id, id]);
});

imageTest("a deploy of the same tag runs the image that the tag names now", async (fleet, tag) => {
  await tag.serve("one");
  await using balancer = await Balancer.ready(envOf(fleet, tag));
  const second = await tag.serve("two");
  await deploy(balancer, tag);
  const after = await balancer.until(({ template }) => template["imageId"] === second);
  assertEquals(imagesOf(after), [second, second]);
  assertEquals(await (await balancer.fetch("/any")).text(), "two");
});

imageTest("a deploy that fails goes back to the image that ran, though its tag has moved", async (
  fleet,
  tag,
) => {
  const first = await tag.serve("one");
  await using balancer = await Balancer.ready(envOf(fleet, tag));
  await tag.fail();
  assertStringIncludes(await deploy(balancer, tag), "rolled-back");
  const after = await balancer.until(({ ready }) => ready === 2);
  assertEquals([imagesOf(after), after.template["imageId"]], [[first, first], first]);
  const victim = after.replicas[0]?.instance;
  await must("POST", `/containers/${victim}/kill`);
  const healed = await balancer.until(({ replicas, ready }) =>
    ready === 2 && replicas[0]?.instance !== victim
  );
  assertEquals(imagesOf(healed), [first, first]);
});

imageTest("after a clean stop the tag is resolved again", async (fleet, tag) => {
  await tag.serve("one");
  const folder = `.run/state/${fleet.name}`;
  const path = new URL(`../../${folder}`, import.meta.url);
  await Deno.mkdir(path, { recursive: true });
  try {
    const env = { ...envOf(fleet, tag), LB_STATE_FILE: `${folder}/fleet.json` };
    const first = await Balancer.ready(env);
    await first.end("SIGTERM");
    const second = await tag.serve("two");
    await using next = await Balancer.ready(env);
    assertEquals(imagesOf(await next.status()), [second, second]);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
