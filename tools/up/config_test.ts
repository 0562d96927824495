import { assertEquals, assertRejects } from "@std/assert";
import { ToolError } from "../tool.ts";
import { systemTest as test } from "../test/needs.ts";
import { checkedConfig, lookupIn } from "./config.ts";

async function inFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(path, text);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

test("up reads settings of the file where the environment has none", async () => {
  await inFile("listen: { port: 7000 }\n", async (path) => {
    assertEquals(lookupIn(await checkedConfig(path, {}))("LB_PORT"), "7000");
  });
});

test("up refuses a file with a fault, and a fleet that the other verbs would not find", async () => {
  const fleet = "services: { a: { fleet: { name: shop } } }\n";
  await inFile(fleet, async (path) => {
    await checkedConfig(path, { LB_FLEET: "shop" });
    const { message } = await assertRejects(() => checkedConfig(path, {}), ToolError);
    assertEquals(
      message,
      `${path}:1:27: services.a.fleet.name: must be the fleet of LB_FLEET with ringkeeper up; got ` +
        '"shop": set LB_FLEET=shop, too',
    );
  });
  await inFile("listen: { prot: 1 }\n", async (path) => {
    await assertRejects(() => checkedConfig(path, {}), ToolError, ":1:11: listen.prot: ");
  });
});
