import { assertEquals, assertMatch } from "@std/assert";
import { NO_PAINT } from "./paint.ts";
import { detailLines, faultsOf, localSettings, namesOf, settingLines } from "./setting_lines.ts";

const LOOK = { paint: NO_PAINT, width: Infinity };

Deno.test("settings: a value comes from the environment or is the default; secrets stay secret", async () => {
  const env = { LB_PORT: "8080", LB_HOST: "", LB_HEALTH_PATH: "", LB_ADMIN_TOKEN: "s3cret" };
  const { settings } = await localSettings(env, undefined);
  const changed = settings.filter(({ from }) => from === "environment");
  assertEquals(settingLines(changed, LOOK), [
    "SETTING         FROM         VALUE",
    "LB_PORT         environment  8080",
    "LB_HEALTH_PATH  environment",
    "LB_ADMIN_TOKEN  environment  (secret)",
  ]);
  assertEquals(JSON.stringify(settings).includes("s3cret"), false);
});

Deno.test("settings: names are found in the forms that people type, and unknown ones are reported", () => {
  assertEquals(namesOf(["LB_PORT", "hold-ms"]), { known: ["LB_PORT", "LB_HOLD_MS"], unknown: [] });
  assertMatch(namesOf(["prot"]).unknown[0] ?? "", /^LB_PROT: .* did you mean LB_PORT\?$/);
});

Deno.test("settings: one setting in full has its purpose and its bounds", async () => {
  const { settings } = await localSettings({ LB_PORT: "x" }, undefined);
  const [port] = settings.filter(({ name }) => name === "LB_PORT");
  assertEquals(detailLines(port!).slice(2), [
    "  value:   x (environment)",
    "  default: 5000",
    "  must be: a whole number from 0 to 65535",
    "  reload:  needs a restart: the public port and its threads are opened once, when the balancer " +
    "starts",
  ]);
});

Deno.test("settings: every fault of an environment is found at once", () => {
  assertEquals(faultsOf({}), []);
  assertEquals(faultsOf({ LB_PORT: "x", LB_HOLD_MX: "1" }).length, 2);
});
