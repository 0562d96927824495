import { assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020";
import { parse } from "yaml";
import { readConfig } from "../../balancer/config.ts";
import { loadConfigFile } from "../../balancer/settings/file/load.ts";
import { ROOT } from "../project.ts";
import { systemTest as test } from "../test/needs.ts";
import { configSchema } from "./config_schema.ts";

/** The faults that editors show in a file. */
function schemaFaults(text: string): string[] {
  const { $schema: _, ...schema } = configSchema();
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);
  return validate(parse(text)) ? [] : validate.errors!.map(({ instancePath }) => instancePath);
}

/** The examples in YAML of the guide. */
async function examples(): Promise<string[]> {
  const guide = await Deno.readTextFile(new URL("docs/guide/configuration.md", ROOT));
  return [...guide.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = ""]) => text);
}

test("the examples of the guide are configuration files, for the balancer and for editors", async () => {
  const texts = await examples();
  assertEquals(texts.length > 0, true);
  for (const text of texts) {
    readConfig({}, await loadConfigFile("example.yaml", () => Promise.resolve(text)));
    assertEquals(schemaFaults(text), []);
  }
});

test("editors see wrong names and values where they are", () => {
  const text = "listen: { prot: 1, port: 70000 }\nservices: { a: { ring: { key: 1, slots: x } } }";
  assertEquals(schemaFaults(text), ["/listen", "/listen/port", "/services/a/ring/slots"]);
});
