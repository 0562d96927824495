import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { getLogger } from "@logtape/logtape";
import { makePair } from "../../tests/harness/certificates.ts";
import { within } from "../../tests/harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { CertificateError } from "./certificate.ts";
import { type CertificateSet, CertificateStore } from "./certificate_store.ts";
import type { CertificateFiles } from "../settings/values.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A folder, and a store that looks at it every few milliseconds. */
async function harness(source: (folder: string) => CertificateFiles = (folder) => ({ folder })) {
  const folder = await Deno.makeTempDir();
  const failures: string[] = [];
  let onFailure = () => {};
  const open = async (now: () => number = Date.now) =>
    await CertificateStore.open({
      source: source(folder),
      clientCa: "",
      log: getLogger("certificates test"),
      failures: {
        record: (action, error) => {
          failures.push(`${action}: ${error}`);
          onFailure();
        },
      },
      now,
      lookMs: 5,
    });
  /** The next failure that is recorded. */
  const failure = () =>
    within(
      "a failure",
      new Promise<string>((resolve) => onFailure = () => resolve(failures.at(-1)!)),
    );
  const dispose = () => Deno.remove(folder, { recursive: true });
  return { folder, failures, open, failure, [Symbol.asyncDispose]: dispose };
}

function nextSet(store: CertificateStore): Promise<CertificateSet> {
  return within("a new set", new Promise((resolve) => store.listen(resolve)));
}

test("a folder's pairs are loaded by name, the default first", async () => {
  await using one = await harness();
  await makePair(one.folder, "b", { names: ["b.test", "*.b.test"] });
  await makePair(one.folder, "a", { names: ["A.test"], kind: "rsa" });
  await makePair(one.folder, "default", { names: ["c.test", "IP:127.0.0.1"] });
  await Deno.writeTextFile(`${one.folder}/readme.txt`, "no pair");
  await using store = await one.open();
  assertEquals(
    store.set.certificates.map(({ name, names, kind }) => [name, names, kind]),
    [["default", ["c.test"], "ec"], ["b", ["b.test", "*.b.test"], "ec"], ["a", ["a.test"], "rsa"]],
  );
  assertEquals([store.faults, one.failures], [[], []]);
});

test("a store may be empty where certificates come from elsewhere, too", async () => {
  await using one = await harness();
  const options = {
    ...{ clientCa: "", log: getLogger("certificates test"), now: Date.now, lookMs: 5 },
    failures: { record: (action: string) => one.failures.push(action) },
    mayBeEmpty: true,
  };
  // In a container /dev/null stands for a folder that is not given.
  for (const source of [null, { folder: one.folder }, { folder: "/dev/null" }]) {
    await using store = await CertificateStore.open({ ...options, source });
    assertEquals([store.set.certificates, store.faults, one.failures], [[], [], []]);
  }
  await using store = await CertificateStore.open({ ...options, source: { folder: one.folder } });
  const next = nextSet(store);
  await makePair(one.folder, "a");
  assertEquals((await next).certificates.length, 1);
  const last = nextSet(store);
  await Deno.remove(`${one.folder}/a.pem`);
  await Deno.remove(`${one.folder}/a.key`);
  assertEquals((await last).certificates, []);
});

test("pairs of files may have any names; certbot's are named by their folder", async () => {
  await using one = await harness((folder) => ({
    pairs: [{
      cert: `${folder}/live/x.test/fullchain.pem`,
      key: `${folder}/live/x.test/privkey.pem`,
    }],
  }));
  const live = `${one.folder}/live/x.test`;
  await Deno.mkdir(live, { recursive: true });
  const { key } = await makePair(live, "fullchain", { names: ["x.test"] });
  await Deno.rename(key, `${live}/privkey.pem`);
  await using store = await one.open();
  assertEquals(store.set.certificates.map(({ name }) => name), ["x.test"]);
});

test("without a usable pair the start fails with the file and the reason", async () => {
  await using one = await harness();
  await assertRejects(() => one.open(), CertificateError, "holds no NAME.pem with NAME.key");
  const pair = await makePair(one.folder, "a");
  await Deno.writeTextFile(pair.key, "-----BEGIN ENCRYPTED PRIVATE KEY-----");
  await assertRejects(() => one.open(), CertificateError, "a.key: its key is encrypted");
  await Deno.remove(pair.key);
  await assertRejects(() => one.open(), CertificateError, "a.key: does not exist");
  await Deno.writeTextFile(pair.cert, "x");
  await Deno.writeTextFile(pair.key, "x");
  await assertRejects(() => one.open(), CertificateError, "a.pem: holds no certificate in PEM");
});

test("replaced files are taken over, and a bad pair keeps the one in use", async () => {
  await using one = await harness();
  const pair = await makePair(one.folder, "a");
  await using store = await one.open();
  const [first] = store.set.certificates;
  const bad = one.failure();
  await Deno.mkdir(`${one.folder}/other`);
  const other = await makePair(`${one.folder}/other`, "other");
  await Deno.copyFile(other.key, pair.key);
  assertMatch(await bad, /certificates\.load: .*a\.key: is not the key .*a\.pem.* in use stay/);
  assertEquals(store.set.certificates[0], first);
  assertMatch(store.faults[0]?.message ?? "", /a\.key: is not the key/);
  const taken = nextSet(store);
  await Deno.copyFile(other.cert, pair.cert);
  const { certificates } = await taken;
  assertEquals(certificates.map(({ name, names }) => [name, names]), [["a", ["other"]]]);
  assertEquals([store.faults, one.failures.length], [[], 1]);
});

test("a new pair is added, a removed one goes, and the last one stays", async () => {
  await using one = await harness();
  await makePair(one.folder, "a");
  await using store = await one.open();
  let next = nextSet(store);
  await makePair(one.folder, "b");
  assertEquals((await next).certificates.map(({ name }) => name), ["a", "b"]);
  next = nextSet(store);
  await Deno.remove(`${one.folder}/a.pem`);
  await Deno.remove(`${one.folder}/a.key`);
  while ((await next).certificates.length > 1) next = nextSet(store);
  const gone = one.failure();
  await Deno.remove(`${one.folder}/b.pem`);
  await Deno.remove(`${one.folder}/b.key`);
  assertMatch(await gone, /does not exist|holds no NAME.pem/);
  assertEquals(store.set.certificates.map(({ name }) => name), ["b"]);
});

test("a folder that is replaced by a link, as in Kubernetes, is noticed", async () => {
  await using one = await harness((folder) => ({ folder: `${folder}/current` }));
  for (const version of ["v1", "v2"]) {
    await Deno.mkdir(`${one.folder}/${version}`);
    await makePair(`${one.folder}/${version}`, "a", { names: [`${version}.test`] });
  }
  await Deno.symlink("v1", `${one.folder}/current`);
  await using store = await one.open();
  const next = nextSet(store);
  await Deno.symlink("v2", `${one.folder}/next`);
  await Deno.rename(`${one.folder}/next`, `${one.folder}/current`);
  assertEquals((await next).certificates[0]?.names, ["v2.test"]);
});

test("the end of a certificate's validity is that of the certificate", async () => {
  await using one = await harness();
  await makePair(one.folder, "a", { days: 5 });
  await using store = await one.open();
  const left = store.set.certificates[0]!.notAfter - Date.now();
  assert(left > 4.9 * DAY_MS && left <= 5 * DAY_MS, `${left}`);
});
