import { assert, assertEquals, assertMatch } from "@std/assert";
import { getLogger } from "@logtape/logtape";
import { makePair, openssl } from "../../tests/harness/certificates.ts";
import { within } from "../../tests/harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { MemoryStores } from "../cluster/memory_store.ts";
import { AcmeCertificates } from "./acme_certificates.ts";
import type { AcmeSettings } from "./acme_settings.ts";
import { FolderRecords } from "./folder_records.ts";
import { OrderError } from "./order_fault.ts";
import type { OrderRequest } from "./order_messages.ts";
import type { OrderHandlers } from "./order_runner.ts";
import type { Records } from "./records.ts";
import { SharedRecords } from "./shared_records.ts";

const DIRECTORY = "https://authority.test/dir";
const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** An authority that signs what it is asked for, unless a test says otherwise. */
class Authority {
  readonly requests: OrderRequest[] = [];
  readonly presented: string[] = [];
  readonly folder: string;
  days = 90;
  /** Called for each order after its challenge. */
  decide: () => void = () => {};

  constructor(folder: string) {
    this.folder = folder;
  }

  perform = async (request: OrderRequest, handlers: OrderHandlers): Promise<string> => {
    this.requests.push(request);
    await handlers.account(`${DIRECTORY}/account`, null);
    await handlers.order(`${DIRECTORY}/order/${this.requests.length}`);
    await handlers.challenge("token", "answer");
    this.decide();
    return await this.#sign(request);
  };

  async #sign({ key, host }: OrderRequest): Promise<string> {
    const path = `${this.folder}/${crypto.randomUUID()}.key`;
    await Deno.writeTextFile(path, key);
    return await openssl([
      ...["req", "-x509", "-key", path, "-subj", "/", "-days", String(this.days)],
      ...["-addext", `subjectAltName=DNS:${host}`],
    ]);
  }
}

interface Opened extends AsyncDisposable {
  readonly acme: AcmeCertificates;
  readonly failures: string[];
  /** Waits for the next end of an order. */
  ended(): Promise<void>;
  /** Waits until it has looked twice for orders that are due. */
  looked(): Promise<void>;
}

/** Certificates with an authority, a folder, and a clock that the test sets. */
async function harness() {
  const folder = await Deno.makeTempDir();
  const authority = new Authority(folder);
  const state = { now: Date.now(), mayOrder: true, covered: "" };
  const open = async (
    given: Partial<AcmeSettings> = {},
    records?: Records,
    mayOrder = () => state.mayOrder,
  ): Promise<Opened> => {
    const failures: string[] = [];
    const waiting: (() => void)[] = [];
    let looks = 0;
    const acme = await AcmeCertificates.open({
      settings: { hosts: ["a.test"], directory: DIRECTORY, email: "", ca: "", ...given },
      records: records ?? await FolderRecords.open(`${folder}/acme`),
      perform: authority.perform,
      covered: (host) => host === state.covered,
      mayOrder: () => (looks++, mayOrder()),
      log: getLogger("acme test"),
      failures: { record: (action, error) => failures.push(`${action}: ${error}`) },
      now: () => state.now,
      random: () => 1,
      lookMs: 2,
    });
    acme.begin({
      present: (token) => Promise.resolve(void authority.presented.push(token)),
      withdraw: () => {
        authority.presented.push("none");
        for (const go of waiting.splice(0)) go();
        return Promise.resolve();
      },
      close: () => {},
    });
    const ended = () => within("an order", new Promise<void>((go) => waiting.push(go)));
    // The third question comes after the end of the second look.
    const looked = (seen = looks) => until(() => looks >= seen + 3);
    return {
      acme,
      failures,
      ended,
      looked,
      [Symbol.asyncDispose]: () => acme[Symbol.asyncDispose](),
    };
  };
  const dispose = () => Deno.remove(folder, { recursive: true });
  return { folder, authority, state, open, [Symbol.asyncDispose]: dispose };
}

/** Waits until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  await within(
    "a condition",
    (async () => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
    })(),
  );
}

test("each host gets its certificate, one order at a time, and a later life keeps them", async () => {
  await using one = await harness();
  const hosts = ["a.test", "b.test"];
  {
    await using opened = await one.open({ hosts });
    assertEquals(opened.acme.awaited, hosts);
    assertEquals(opened.acme.status()[0]?.fault, "has no certificate yet");
    await until(() => opened.acme.awaited.length === 0);
    assertEquals(opened.acme.certificates.map(({ name }) => name), hosts);
    assertEquals(one.authority.presented, ["token", "none", "token", "none"]);
    assertEquals(opened.acme.counts, { issued: 2, failed: 0 });
    const [key, other] = one.authority.requests.map(({ accountKey }) => accountKey);
    assertEquals(key, other, "one account");
  }
  await using again = await one.open({ hosts });
  assertEquals(again.acme.awaited, []);
  await again.looked();
  assertEquals(one.authority.requests.length, 2);
});

test("a failed order waits longer and longer, over restarts, and as the authority says", async () => {
  await using one = await harness();
  one.authority.decide = () => {
    throw new OrderError("no", { retryAfterMs: 10 * MINUTE_MS, resumable: true });
  };
  const start = one.state.now;
  {
    await using opened = await one.open();
    await opened.ended();
    await until(() => opened.acme.counts.failed === 1);
    const at = new Date(start + 10 * MINUTE_MS).toISOString();
    assertEquals(opened.failures, [`acme.order: a.test: no; the next attempt is at ${at}`]);
    assertEquals(opened.acme.status()[0]?.fault, `no; the next attempt is at ${at}`);
  }
  await using again = await one.open();
  one.state.now = start + 10 * MINUTE_MS - 1;
  await again.looked();
  assertEquals(one.authority.requests.length, 1);
  one.authority.decide = () => {};
  one.state.now++;
  await until(() => again.acme.certificates.length === 1);
  // The order goes on, with the key that belongs to it.
  const [first, second] = one.authority.requests;
  assertEquals([first?.url, second?.url], [null, `${DIRECTORY}/order/1`]);
  assertEquals(first?.key, second?.key);
  assertEquals(again.acme.status()[0]?.fault, null);
});

test("a certificate is renewed in time; if that fails it stays in use, and is reported", async () => {
  await using one = await harness();
  await using opened = await one.open();
  await until(() => opened.acme.certificates.length === 1);
  const [{ fingerprint } = { fingerprint: "" }] = opened.acme.certificates;
  one.authority.decide = () => {
    throw new OrderError("the authority answered 403: no");
  };
  one.state.now += 61 * DAY_MS;
  await until(() => opened.acme.counts.failed === 1);
  assertEquals(opened.acme.certificates[0]?.fingerprint, fingerprint);
  const [status] = opened.acme.status();
  assertMatch(status?.fault ?? "", /^the authority answered 403: no; the next attempt/);
  assertEquals(status?.ending, false);
  one.state.now += 16 * DAY_MS;
  await until(() => opened.acme.counts.failed === 2);
  assertEquals(opened.acme.status()[0]?.ending, true);
  one.authority.decide = () => {};
  one.state.now += DAY_MS;
  await until(() => opened.acme.certificates[0]?.fingerprint !== fingerprint);
  assertEquals(opened.acme.counts, { issued: 2, failed: 2 });
});

test("a host with a certificate from files is not ordered until they are gone", async () => {
  await using one = await harness();
  one.state.covered = "a.test";
  await using opened = await one.open();
  await opened.looked();
  assertEquals([opened.acme.status(), opened.acme.awaited, one.authority.requests], [[], [], []]);
  one.state.covered = "";
  await until(() => opened.acme.certificates.length === 1);
});

test("a reload adds and removes hosts", async () => {
  await using one = await harness();
  await using opened = await one.open();
  await until(() => opened.acme.awaited.length === 0);
  const settings = { hosts: ["b.test"], directory: DIRECTORY, email: "ops@a.test", ca: "" };
  await opened.acme.reconfigure(settings);
  await until(() => opened.acme.certificates.length === 1);
  assertEquals(opened.acme.certificates[0]?.name, "b.test");
  assertEquals(one.authority.requests[1]?.email, "ops@a.test");
  // The certificate of a host that comes back is still there.
  await opened.acme.reconfigure({ ...settings, hosts: ["a.test"] });
  assertEquals(opened.acme.awaited, []);
});

test("a record that cannot be used is set aside and reported, and the account stays", async () => {
  await using one = await harness();
  {
    await using opened = await one.open();
    await until(() => opened.acme.certificates.length === 1);
  }
  const path = `${one.folder}/acme/host-a.test.json`;
  const cut = (await Deno.readTextFile(path)).slice(0, 400);
  await Deno.writeTextFile(path, cut);
  await using again = await one.open();
  await until(() => again.acme.certificates.length === 1);
  assertMatch(again.failures[0]!, /^acme\.record: .*host-a\.test\.json: is not JSON; .* set aside/);
  assert(!again.failures[0]!.includes("PRIVATE"));
  assertEquals(await Deno.readTextFile(`${path}.unusable`), cut);
  const [first, second] = one.authority.requests;
  assertEquals(first?.accountKey, second?.accountKey);
});

test("another key in a record is found, and so is a certificate of another host", async () => {
  await using one = await harness();
  {
    await using opened = await one.open();
    await until(() => opened.acme.certificates.length === 1);
  }
  const path = `${one.folder}/acme/host-a.test.json`;
  const record = JSON.parse(await Deno.readTextFile(path));
  const pair = await makePair(one.folder, "other", { names: ["b.test"] });
  record.certificate.chain = await Deno.readTextFile(pair.cert);
  await Deno.writeTextFile(path, JSON.stringify(record));
  {
    await using opened = await one.open();
    assertMatch(opened.failures[0]!, /is not the key of the certificate/);
  }
  record.certificate.key = await Deno.readTextFile(pair.key);
  await Deno.writeTextFile(path, JSON.stringify(record));
  await using opened = await one.open();
  assertMatch(opened.failures[0]!, /is valid for b\.test, not for a\.test/);
});

test("an account that cannot be saved is not registered", async () => {
  await using one = await harness();
  const records = await FolderRecords.open(`${one.folder}/acme`);
  const failing: Records = {
    load: (name) => records.load(name),
    save: () => Promise.reject(new Error("disk full")),
    setAside: (name) => records.setAside(name),
    placeOf: (name) => records.placeOf(name),
    watch: () => () => {},
  };
  await using opened = await one.open({}, failing);
  await until(() => opened.acme.counts.failed === 1);
  assertEquals(one.authority.requests, []);
  assertMatch(opened.failures[0]!, /^acme\.order: a\.test: disk full; the next attempt/);
});

test("of several balancers only the one that may orders; the others take its certificates", async () => {
  await using one = await harness();
  const stores = new MemoryStores();
  let turn = false;
  await using follower = await one.open({}, new SharedRecords(stores), () => turn);
  await follower.looked();
  assertEquals(one.authority.requests, []);
  await using holder = await one.open({}, new SharedRecords(stores));
  await until(() => holder.acme.certificates.length + follower.acme.certificates.length === 2);
  assertEquals(one.authority.requests.length, 1);
  assertEquals(
    holder.acme.certificates.map(({ fingerprint }) => fingerprint),
    follower.acme.certificates.map(({ fingerprint }) => fingerprint),
  );
  // The follower's turn: nothing is due.
  turn = true;
  await follower.looked();
  assertEquals(one.authority.requests.length, 1);
});

test("a balancer that lost its turn ends the order and keeps quiet", async () => {
  await using one = await harness();
  one.authority.decide = () => {
    one.state.mayOrder = false;
    throw new OrderError("the connection broke");
  };
  await using opened = await one.open();
  await opened.ended();
  await opened.looked();
  assertEquals([opened.acme.counts.failed, opened.failures], [0, []]);
  one.state.mayOrder = true;
  one.authority.decide = () => {};
  await until(() => opened.acme.certificates.length === 1);
  assertEquals(one.authority.requests[1]?.url, `${DIRECTORY}/order/1`);
});
