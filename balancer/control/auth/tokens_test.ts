import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TokenError, Tokens, type TokenSource } from "./tokens.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const NONE: TokenSource = { setting: "LB_READ_TOKEN", text: "", file: "" };

function inFile(file: string, setting = "LB_ADMIN_TOKEN"): TokenSource {
  return { setting, text: "", file };
}

/** A folder for files with tokens. */
async function folder() {
  const path = await Deno.makeTempDir();
  return {
    file: (name: string) => `${path}/${name}`,
    write: (name: string, text: string) => Deno.writeTextFile(`${path}/${name}`, text),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

function recorder() {
  const told: string[] = [];
  const record = (_action: string, error: unknown) => told.push(String(error));
  return { told, record };
}

Deno.test("tokens from settings are taken unchanged", async () => {
  const admin = { setting: "LB_ADMIN_TOKEN", text: "a", file: "" };
  const tokens = await Tokens.open({ admin, read: NONE }, recorder());
  assertEquals([tokens.admin, tokens.read], [true, false]);
  assertEquals(await tokens.current(), { admin: "a", read: "" });
});

test("trailing space in a token file is not part of the token", async () => {
  await using files = await folder();
  await files.write("admin", "s3cret \r\n\n");
  const tokens = await Tokens.open({ admin: inFile(files.file("admin")), read: NONE }, recorder());
  assertEquals(await tokens.current(), { admin: "s3cret", read: "" });
});

test("a replaced file counts at once, through links as Kubernetes makes them", async () => {
  await using files = await folder();
  await files.write("1", "one");
  await files.write("2", "two");
  await Deno.symlink(files.file("1"), files.file("admin"));
  const tokens = await Tokens.open({ admin: inFile(files.file("admin")), read: NONE }, recorder());
  await Deno.symlink(files.file("2"), files.file("next"));
  await Deno.rename(files.file("next"), files.file("admin"));
  assertEquals((await tokens.current()).admin, "two");
});

test("if a file can no longer be read, the last token stays and the error is recorded once", async () => {
  await using files = await folder();
  await files.write("admin", "one");
  const { told, record } = recorder();
  const admin = inFile(files.file("admin"));
  const tokens = await Tokens.open({ admin, read: NONE }, { record });
  await Deno.remove(files.file("admin"));
  for (let n = 0; n < 3; n++) assertEquals((await tokens.current()).admin, "one");
  assertEquals(told.length, 1);
  await files.write("admin", "two words");
  assertEquals((await tokens.current()).admin, "one");
  assertEquals(told.length, 2);
  await files.write("admin", "two");
  assertEquals((await tokens.current()).admin, "two");
  assert(!told.join().includes("words"), told.join());
});

test("a file without a token fails the start, with the setting's name and without the file's text", async () => {
  await using files = await folder();
  await files.write("bad", "not one but three");
  await files.write("empty", "\n");
  for (const name of ["bad", "empty", "missing"]) {
    const error = await assertRejects(
      () => Tokens.open({ admin: inFile(files.file(name)), read: NONE }, recorder()),
      TokenError,
    );
    assertStringIncludes(error.message, `LB_ADMIN_TOKEN_FILE: ${files.file(name)} `);
    assert(!error.message.includes("three"), error.message);
  }
});

test("two equal tokens are refused at the start, and not taken up later", async () => {
  await using files = await folder();
  await files.write("admin", "one");
  await files.write("read", "one\n");
  const sources = {
    admin: inFile(files.file("admin")),
    read: inFile(files.file("read"), "LB_READ_TOKEN"),
  };
  const error = await assertRejects(() => Tokens.open(sources, recorder()), TokenError);
  assertEquals(
    error.message,
    "LB_ADMIN_TOKEN_FILE and LB_READ_TOKEN_FILE: must be two tokens; got the same twice",
  );
  await files.write("read", "two");
  const tokens = await Tokens.open(sources, recorder());
  await files.write("read", "one");
  assertEquals(await tokens.current(), { admin: "one", read: "two" });
});
