import { assertEquals, assertRejects } from "@std/assert";
import {
  DockerNames,
  identityOf,
  labelsOf,
  type NamedContainer,
  StartedElsewhereError,
} from "./docker_names.ts";
import { launch } from "./conformance.ts";

const REPLICA = labelsOf("f", launch("Server1"));
const SPARE = labelsOf("f", launch("spare-1", { spare: true }));

const IDENTITIES: readonly [string, string, Record<string, string>, string, boolean][] = [
  ["a replica", "/p-Server1", REPLICA, "Server1", false],
  ["a replica moved out of the way", "/p-Server1.old-c0ffee12", REPLICA, "Server1", false],
  ["a replica that was renamed by hand", "/p-other", REPLICA, "Server1", false],
  ["a spare", "/p-spare-1", SPARE, "spare-1", true],
  ["a spare moved out of the way", "/p-spare-1.old-c0ffee12", SPARE, "spare-1", true],
  ["a renamed spare", "/p-Server2", SPARE, "Server2", false],
  ["a renamed spare in an event", "p-Server2", SPARE, "Server2", false],
  ["a renamed spare moved out of the way", "/p-Server2.old-c0ffee12", SPARE, "Server2", false],
  ["a replica beside a stuck one", "/p-Server1.new-c0ffee12", REPLICA, "Server1", false],
  ["a renamed spare beside a stuck one", "/p-Server2.new-c0ffee12", SPARE, "Server2", false],
  ["a spare under another prefix", "/q-Server2", SPARE, "spare-1", true],
];

for (const [title, containerName, labels, name, spare] of IDENTITIES) {
  Deno.test(`docker names: a container is identified with ${title}`, () => {
    assertEquals(identityOf("p-", containerName, labels), { name, spare });
  });
}

Deno.test("docker names: a container without the label is not identified", () => {
  assertEquals(identityOf("p-", "/p-Server1", { "ringkeeper.fleet": "f" }), undefined);
});

/** An Engine that refuses a name as often as it has answers about the holder. */
class Stage {
  readonly renames: string[] = [];
  readonly names: DockerNames;
  #holders: (NamedContainer | undefined)[];

  constructor(...holders: (NamedContainer | undefined)[]) {
    this.#holders = holders;
    const inspect = () => Promise.resolve(this.#holders.shift());
    const rename = (id: string, name: string) =>
      Promise.resolve(void this.renames.push(`${id} ${name}`));
    const remove = (id: string) => Promise.resolve(void this.renames.push(`remove ${id}`));
    this.names = new DockerNames({ inspect, rename, remove }, "f");
  }

  claim(known?: readonly string[]): Promise<string> {
    const call = () => {
      if (this.#holders.length === 0) return Promise.resolve("done");
      return Promise.reject(Object.assign(new Error("in use"), { statusCode: 409 }));
    };
    return this.names.claim("p-Server1", call, known);
  }
}

function holder(fleet: string, Name = "/p-Server1"): NamedContainer {
  return { Id: "0123456789abcdef", Name, Config: { Labels: { "ringkeeper.fleet": fleet } } };
}

Deno.test("docker names: a free name costs no extra call", async () => {
  const stage = new Stage();
  assertEquals([await stage.claim(), stage.renames], ["done", []]);
});

Deno.test("docker names: a holder of this fleet is renamed", async () => {
  const stage = new Stage(holder("f"), holder("f"));
  const moved = "0123456789abcdef p-Server1.old-01234567";
  assertEquals([await stage.claim(), stage.renames], ["done", [moved, moved]]);
});

Deno.test("docker names: a holder of another owner stays, and the error is name-taken", async () => {
  const stage = new Stage(holder("g"));
  await assertRejects(() => stage.claim(), Error, "p-Server1");
  assertEquals(stage.renames, []);
});

Deno.test("docker names: an invisible holder is looked up again", async () => {
  // The id of the second one only begins like the name.
  const stage = new Stage(undefined, holder("f", "/other"));
  assertEquals([await stage.claim(), stage.renames], ["done", []]);
});

Deno.test("docker names: the claim fails if the holder stays invisible", async () => {
  const stage = new Stage(...Array.from({ length: 60 }, () => undefined));
  await assertRejects(() => stage.claim(), Error, "in use");
});

/** Claims a name whose holder of this fleet never leaves. @returns the names that were tried */
async function claimFrom(status: string, renameStatus: number): Promise<readonly string[]> {
  const tried = new Set<string>();
  const inspect = () => Promise.resolve({ ...holder("f"), State: { Status: status } });
  const refuse = (statusCode: number) =>
    Promise.reject(Object.assign(new Error("refused"), { statusCode }));
  const names = new DockerNames({
    inspect,
    rename: () => refuse(renameStatus),
    remove: () => Promise.resolve(),
  }, "f");
  await names.claim("p-Server1", (name) => {
    tried.add(name);
    return name === "p-Server1" ? refuse(409) : Promise.resolve();
  });
  return [...tried];
}

for (
  const [title, status, renameStatus] of [
    ["that is being removed for ever", "removing", 200],
    ["that cannot be renamed", "dead", 500],
    ["whose rename is refused for its removal", "exited", 409],
  ] as const
) {
  Deno.test(`docker names: beside a holder of ours ${title} another name is taken`, async () => {
    const [first, second = "", ...more] = await claimFrom(status, renameStatus);
    assertEquals([first, more], ["p-Server1", []]);
    assertEquals(identityOf("p-", second, REPLICA), { name: "Server1", spare: false });
  });
}

Deno.test("docker names: a name is settled once every claim has ended, in success or failure", async () => {
  const { names } = new Stage();
  const { promise, reject } = Promise.withResolvers<string>();
  const order: string[] = [];
  const claim = names.claim("p-Server1", () => promise).catch(() => order.push("claimed in vain"));
  const other = names.settled("p-Server2").then(() => order.push("other settled"));
  const settled = names.settled("p-Server1").then(() => order.push("settled"));
  await other;
  reject(new Error("no"));
  await Promise.all([claim, settled]);
  assertEquals(order[0], "other settled");
  assertEquals(order.toSorted(), ["claimed in vain", "other settled", "settled"]);
});

function inState(Status: string): NamedContainer {
  return { ...holder("f"), State: { Status } };
}

Deno.test("docker names: with several balancers a running holder that the fleet does not know keeps its name", async () => {
  const stage = new Stage(inState("running"));
  const error = await assertRejects(() => stage.claim([]), StartedElsewhereError);
  assertEquals([error.id, stage.renames], [holder("f").Id, []]);
  const known = new Stage(inState("running"));
  assertEquals(await known.claim([holder("f").Id]), "done");
  assertEquals(known.renames.length, 1);
  const ended = new Stage(inState("exited"));
  assertEquals(await ended.claim([]), "done");
});

Deno.test("docker names: a container that another balancer created and has not started is waited for, then removed", async () => {
  const soon = new Stage(inState("created"), inState("created"), inState("running"));
  await assertRejects(() => soon.claim([]), StartedElsewhereError);
  const never = new Stage(...Array.from({ length: 51 }, () => inState("created")));
  assertEquals(await never.claim([]), "done");
  assertEquals(never.renames, [`remove ${holder("f").Id}`]);
});
