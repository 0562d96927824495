import { assert, assertEquals } from "@std/assert";
import { promtool, PROMTOOL_TESTS_IGNORED } from "../harness/promtool.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const FOLDER = new URL("../../deploy/monitoring/", import.meta.url);
const ignore = PROMTOOL_TESTS_IGNORED;

function path(name: string): string {
  return new URL(name, FOLDER).pathname;
}

/** Every expression of the dashboard, as Prometheus is asked for it. */
async function expressions(): Promise<string[]> {
  const dashboard = await Deno.readTextFile(path("grafana/dashboards/ringkeeper.json"));
  return [...dashboard.matchAll(/"expr": (".*?[^\\]"),?$/gm)].map(([, text]) =>
    (JSON.parse(text!) as string)
      .replaceAll(/\$__(rate_)?interval/g, "5m").replaceAll("$instance", "balancer:5000")
  );
}

test({
  name: "promtool has nothing against the rules and Prometheus' configuration",
  ignore,
  fn: async () => {
    await promtool(["check", "rules", path("alerts.yml")]);
    await promtool(["check", "config", path("prometheus.yml")]);
  },
});

test({
  name: "alerts fire when they should and only then",
  ignore,
  fn: () => promtool(["test", "rules", path("alerts_test.yml")]),
});

test({
  name: "every expression of the dashboard can be evaluated",
  ignore,
  fn: async () => {
    const rules = (await expressions()).map((expr, i) => ({ record: `panel:${i}`, expr }));
    const file = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
      await promtool(["check", "rules", file]);
    } finally {
      await Deno.remove(file);
    }
  },
});

test("dashboard and alerts ask for metrics that there are", async () => {
  const sources = ["certificate", "data_plane", "fleet", "process"].map((name) =>
    Deno.readTextFile(new URL(`../../balancer/metrics/${name}_metrics.ts`, import.meta.url))
  );
  const code = (await Promise.all(sources)).join("\n");
  const alerts = await Deno.readTextFile(path("alerts.yml"));
  const asked = [...await expressions(), alerts].join("\n")
    .matchAll(/\b(?:ringkeeper_(\w+)|(process_\w+))/g);
  const names = new Set(
    Array.from(asked, ([, own, shared]) => (own ?? shared!).replace(/_(bucket|sum|count)$/, "")),
  );
  assert(names.size > 20 && names.has("process_open_fds"));
  for (const name of names) assert(code.includes(`"${name}"`), `there is no metric ${name}`);
});

test("the runbook_url of every alert leads to its heading in the runbook", async () => {
  const alerts = await Deno.readTextFile(path("alerts.yml"));
  const runbook = await Deno.readTextFile(new URL("../../docs/guide/runbook.md", import.meta.url));
  const named = Array.from(alerts.matchAll(/- alert: (\w+)/g), ([, name]) => name!);
  const urls = Array.from(alerts.matchAll(/runbook_url: (\S+)/g), ([, url]) => url);
  assertEquals(urls, named.map((name) => `docs/guide/runbook.md#${name.toLowerCase()}`));
  const headings = Array.from(runbook.matchAll(/^## (\w+)$/gm), ([, heading]) => heading);
  assertEquals(headings, named);
});

test("every number in the text of an alert is a whole one", async () => {
  const alerts = await Deno.readTextFile(path("alerts.yml"));
  const values = Array.from(alerts.matchAll(/\{\{ (\$value[^}]*) \}\}/g), ([, value]) => value);
  assert(values.length > 8);
  assertEquals(new Set(values), new Set(['$value | printf "%.0f"']));
});
