import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readCredentials } from "./registry_credentials.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

async function withConfig(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

const CONFIG = JSON.stringify({
  auths: {
    "https://index.docker.io/v1/": { auth: btoa("hub:a:b") },
    "https://r.example/v2/": { username: "user", password: "word" },
    "host:5000": { identitytoken: "token" },
    "kept.example": {},
  },
  credsStore: "pass",
  credHelpers: { "cloud.example": "cloud" },
});

test("registry credentials: each form that docker login writes is read", async () => {
  await withConfig(CONFIG, async (path) => {
    assertEquals(await readCredentials(path, "docker.io"), {
      serveraddress: "https://index.docker.io/v1/",
      username: "hub",
      password: "a:b",
    });
    assertEquals((await readCredentials(path, "r.example"))?.password, "word");
    assertEquals((await readCredentials(path, "host:5000"))?.identitytoken, "token");
    assertEquals(await readCredentials(path, "other.example"), undefined);
    assertEquals(await readCredentials("", "r.example"), undefined);
  });
});

test("registry credentials: a credential helper is named and not run", async () => {
  await withConfig(CONFIG, async (path) => {
    const read = (registry: string) => assertRejects(() => readCredentials(path, registry), Error);
    assertStringIncludes((await read("kept.example")).message, "docker-credential-pass");
    assertStringIncludes((await read("cloud.example")).message, "docker-credential-cloud");
  });
});

test("registry credentials: the error of an unusable file names it and shows no secret", async () => {
  const { message } = await assertRejects(() => readCredentials("/no/file", "r"), Error);
  assertStringIncludes(message, "LB_DOCKER_CONFIG: /no/file");
  for (const text of ['{"auths": secret', '{"auths":{"r":{"auth":"secret"}}}']) {
    await withConfig(text, async (path) => {
      const error = await assertRejects(() => readCredentials(path, "r"), Error);
      assertStringIncludes(error.message, path);
      assertEquals(error.message.includes("secret"), false, error.message);
    });
  }
});
