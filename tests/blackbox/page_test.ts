import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { buildPage, DIST } from "../../tools/build/page.ts";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { barriers, browserTest, type OpenTab, type Tab } from "../harness/chromium.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Opens the page and waits until it shows the fleet. */
async function open(balancer: Balancer, tab: Promise<Tab>): Promise<Tab> {
  const { page, complaints } = await tab;
  await page.goto(`${balancer.own}/_lb/`);
  await page.getByText(/^\d+ of \d+ replicas? ready$/).waitFor();
  return { page, complaints };
}

function serve(port = 0) {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, () => new Response("here"));
}

/** Opens the page by a link with the balancer's own token, as `ringkeeper up` prints it. */
async function followLink(balancer: Balancer, page: Page): Promise<void> {
  const { authorization } = await balancer.bearer();
  await page.goto("about:blank");
  await page.goto(`${balancer.own}/_lb/#token=${authorization.replace("Bearer ", "")}`);
  await page.getByRole("button", { name: "Admin token ✓" }).waitFor();
  assertEquals(page.url(), `${balancer.own}/_lb/`);
}

/** The row of a replica. */
function row(page: Page, name: string) {
  return page.getByRole("row").filter({
    has: page.getByRole("rowheader", { name: new RegExp(`^${name}\\b`) }),
  });
}

/** A cell of a replica's row. */
function cell(page: Page, name: string, title: string) {
  return row(page, name).locator(`[data-label="${title}"]`);
}

/** The names in the order of the table. */
function namesInTable(page: Page): Promise<string[]> {
  return page.locator("tbody .swatched").allInnerTexts();
}

test("the built page matches its sources (deno task build:page builds it)", async () => {
  const built = await buildPage();
  const kept = [...Deno.readDirSync(DIST)].map(({ name }) => name);
  assertEquals(kept.sort(), [...built.keys()].sort());
  for (const [name, bytes] of built) {
    assertEquals(await Deno.readFile(new URL(name, DIST)), bytes, name);
  }
});

browserTest("the page shows and changes a fleet of processes", async (tab, t) => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "3",
    LB_DRILLS: "true",
  });
  const { page, complaints } = await open(balancer, tab());
  const manage = (name: string) => page.getByRole("button", { name: `Manage ${name}` });

  await t.step("it shows the ring, the replicas and earlier events", async () => {
    await page.getByRole("img", { name: /^Ring of 512 slots shared by 3 replicas; all are/ })
      .waitFor();
    for (const name of ["Server1", "Server2", "Server3"]) {
      assertMatch(await row(page, name).innerText(), /ready/);
      await page.getByText(`${name}: warming → ready`).waitFor();
    }
    await page.getByText("Nothing has failed since the balancer started.").waitFor();
    await page.getByText("live", { exact: true }).waitFor();
    // Empty charts collapse, and no token is asked for where none is needed.
    assertEquals(await page.locator(".chart.flat").count(), 4);
    assertEquals(await page.getByRole("button", { name: /Admin token/ }).count(), 0);
  });

  await t.step("a replica is added by keyboard alone, and removed", async () => {
    const add = page.getByRole("button", { name: "Add…" });
    await add.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("spinbutton", { name: "How many" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type("S4");
    await page.keyboard.press("Enter");
    await row(page, "S4").getByText("ready").waitFor();
    await add.and(page.locator(":focus")).waitFor();
    assertEquals((await balancer.replica("S4"))?.state, "ready");
    await manage("S4").click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("button", { name: "Yes, remove S4" }).click();
    await page.getByText("Removed S4").waitFor();
    await row(page, "S4").waitFor({ state: "detached" });
    assertEquals(await balancer.replica("S4"), undefined);
  });

  await t.step("an error names the field of the form", async () => {
    await page.getByRole("button", { name: "Add…" }).click();
    await page.getByRole("textbox", { name: "Names" }).fill("a/b");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: /^Names: each must be/ }).waitFor();
    await page.keyboard.press("Escape");
  });

  await t.step("a dialog closes by Escape and gives the focus back", async () => {
    await manage("Server1").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Server1" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await manage("Server1").and(page.locator(":focus")).waitFor();
  });

  await t.step("a plan shows the moves, changes nothing, and is applied", async () => {
    const { digest } = await balancer.status();
    await page.getByRole("button", { name: "Add…" }).click();
    await page.getByRole("textbox", { name: "Names" }).fill("S5");
    await page.getByRole("button", { name: "Show plan" }).click();
    await page.getByRole("heading", { name: /^Plan: 2\d\.\d % of the keys would move/ }).waitFor();
    assertEquals(await page.getByText("The page cannot draw this plan").count(), 0);
    assertEquals((await balancer.status()).digest, digest);
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^Applied the plan; 2\d\.\d % of the keys moved/).waitFor();
    await row(page, "S5").getByText("ready").waitFor();
    await page.getByText("1 change", { exact: true }).or(page.getByText(/\d changes/)).waitFor();
  });

  await t.step("a weight changes the ring, and weight 0 drains", async () => {
    await manage("S5").click();
    await page.getByRole("spinbutton", { name: "Weight" }).fill("3");
    await page.getByRole("button", { name: "Set weight" }).click();
    await row(page, "S5").getByText("weight 3").waitFor();
    await cell(page, "S5", "Slots").getByText("50.0 %").waitFor();
    await manage("S5").click();
    await page.getByRole("button", { name: "Drain" }).click();
    await row(page, "S5").getByText("drained").waitFor();
    await cell(page, "S5", "Slots").getByText("0.0 %").waitFor();
  });

  await t.step("the table is sorted by any column, problems first otherwise", async () => {
    const slots = page.getByRole("columnheader", { name: "Slots" });
    await slots.getByRole("button").click();
    await slots.and(page.locator('[aria-sort="descending"]')).waitFor();
    assertEquals((await namesInTable(page)).at(-1), "S5");
    await page.keyboard.press("Enter");
    await slots.and(page.locator('[aria-sort="ascending"]')).waitFor();
    assertEquals((await namesInTable(page))[0], "S5");
    await page.keyboard.press("Enter");
  });

  await t.step("a key's way is explained in the balancer's words", async () => {
    const { body } = await balancer.call("GET", "/_lb/explain?key=alice");
    const { reason, slot } = body as { reason: string; slot: number };
    await page.getByLabel("Key, id or path").fill("alice");
    await page.keyboard.press("Enter");
    await page.getByText(reason).waitFor();
    await page.getByText(`${slot}, marked on the ring`).waitFor();
  });

  await t.step("the log's level is read and set", async () => {
    await page.getByRole("button", { name: "Log…" }).click();
    const level = page.getByRole("combobox", { name: "Level" });
    await level.and(page.locator(":enabled")).waitFor();
    await level.selectOption("warning");
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await page.getByText("The log has level warning, access log off").waitFor();
    assertEquals((await balancer.call("GET", "/_lb/log")).body, {
      level: "warning",
      access: "off",
    });
  });

  await t.step("a call that needs the token says so, and a link brings it", async () => {
    await manage("Server3").click();
    await page.getByRole("button", { name: "Kill Server3 under load" }).click();
    await page.getByText("(see Admin token)").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Admin token…" }).waitFor();
    await followLink(balancer, page);
  });

  await t.step("a deploy shows its steps and can be rolled back", async () => {
    const { template: { command: before } } = await balancer.status();
    await page.getByRole("button", { name: "Deploy…" }).click();
    await page.getByRole("textbox", { name: "Command" }).fill("sh -c 'exit 7'");
    await page.getByRole("spinbutton", { name: "Minimum ready time" }).fill("50");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("region", { name: "Deploy" });
    await panel.getByText(/^rolled back: /).first().waitFor();
    await page.keyboard.press("Escape");
    assertEquals((await balancer.status()).template["command"], before);
    await panel.getByRole("button", { name: "Dismiss" }).click();
    await panel.waitFor({ state: "detached" });
  });

  await t.step("a kill and its heal are seen as they happen, with the cause", async () => {
    await signal(pidOf(await balancer.replica("Server2")), "KILL");
    await page.getByText(/^Server2: ready → (?:down|waiting|starting).*SIGKILL/).first().waitFor();
    const incident = page.locator(".incident").filter({ hasText: "Server2" });
    await incident.filter({ hasText: /SIGKILL[\s\S]*full ring after/ }).or(
      incident.filter({ hasText: /full ring after[\s\S]*SIGKILL/ }),
    ).waitFor();
    await cell(page, "Server2", "Restarts").filter({ hasText: /^1$/ }).waitFor();
    await page.getByText("4 of 4 replicas ready").waitFor();
    await page.getByText("1 incident", { exact: true }).first().waitFor();
  });

  await t.step("failures of one replica by one cause are a group, and a warning", async () => {
    for (const restarts of [2, 3]) {
      await balancer.until(({ ready, desired }) => ready === desired);
      await signal(pidOf(await balancer.replica("Server2")), "KILL");
      await cell(page, "Server2", "Restarts").filter({ hasText: new RegExp(`^${restarts}$`) })
        .waitFor();
    }
    await page.locator(".incident").filter({ hasText: "3 times" }).waitFor();
    await page.getByText(/^Server2 failed 3 times in the last ten minutes: .*SIGKILL/).waitFor();
    assertEquals(await page.locator(".incident").count(), 1);
    await balancer.until(({ ready, desired }) => ready === desired);
  });

  await t.step("a tab that opens later shows the earlier traffic", async () => {
    for (let i = 0; i < 20; i++) await (await fetch(`${balancer.url}/home`)).text();
    await page.getByRole("img", { name: /^Requests in the last 5 min/ }).waitFor();
    const later = await open(balancer, tab());
    await later.page.getByRole("img", { name: /^Requests in the last 5 min/ }).waitFor();
    await later.page.getByRole("img", { name: /^Latency in the last 5 min/ }).waitFor();
    await later.page.getByRole("radio", { name: "24 h" }).check();
    await later.page.getByText("none in the last 24 h").first().waitFor();
    await later.page.getByRole("radio", { name: "15 min" }).check();
    await later.page.getByRole("img", { name: /^Requests in the last 15 min/ }).waitFor();
    await later.page.close();
  });

  await t.step("a drill keeps its result in view", async () => {
    await manage("Server3").click();
    await page.getByRole("button", { name: "Kill Server3 under load" }).click();
    await page.getByText(/^Drill on Server3 (?:passed|failed).*: \d+ requests, \d+ lost/).waitFor();
    await page.getByRole("region", { name: "Drill" }).getByText("Objective").waitFor();
    await balancer.until(({ ready, desired }) => ready === desired);
  });

  await t.step(
    "it has no accessibility faults, wide in light colours and narrow in dark ones",
    async () => {
      const looks = [["light", 1280], ["dark", 390]] as const;
      for (const [colorScheme, width] of looks) {
        const viewport = { width, height: 900 };
        const seen = (await open(balancer, tab({ colorScheme, viewport }))).page;
        await seen.locator(".incident").filter({ hasText: "full ring after" }).first().waitFor();
        assertEquals(await barriers(seen), []);
        assertEquals(await seen.evaluate("document.documentElement.scrollWidth"), width);
        await seen.getByRole("button", { name: "Manage Server1" }).click();
        await seen.getByRole("dialog").waitFor();
        assertEquals(await barriers(seen), []);
        await seen.goto(`${balancer.own}/_lb/docs`);
        assertEquals(await barriers(seen), []);
        assertEquals(await seen.evaluate("document.documentElement.scrollWidth"), width);
        await seen.close();
      }
    },
  );

  await t.step("the API's description and the page lead to each other", async () => {
    await page.getByRole("link", { name: "API" }).click();
    await page.getByRole("heading", { name: "POST /_lb/plan" }).waitFor();
    const links = page.getByRole("navigation", { name: "Calls" }).getByRole("link");
    const link = links.filter({ hasText: /POST\s*\/add$/ });
    await link.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${balancer.own}/_lb/docs#addReplicas`);
    const explain = page.getByRole("form", { name: "Try explain" });
    await explain.getByRole("textbox", { name: "key" }).fill("alice");
    await page.keyboard.press("Enter");
    await page.getByLabel("Answer of explain").getByText('"hashedAs": "string"').waitFor();
    await page.getByRole("link", { name: "Operator's page" }).click();
    await page.getByText("4 of 4 replicas ready").waitFor();
  });
  // The browser's own messages about refused calls are no fault of the page.
  assertEquals(complaints.filter((text) => !/status of (?:400|401)/.test(text)), []);
});

browserTest("a page without a change of the fleet tells what is so", async (tab, t) => {
  const [one, two] = [serve(), serve()];
  const env = {
    LB_ENGINE: "static",
    LB_UPSTREAMS: `Server1=127.0.0.1:${one.addr.port},Server2=127.0.0.1:${two.addr.port}`,
    LB_HEALTH_PATH: "/",
    LB_HEARTBEAT_MS: "100",
  };
  const first = await Balancer.ready(env);
  const { page } = await open(first, tab());
  let back = serve();

  await t.step("a replica is away, and back", async () => {
    await two.shutdown();
    await page.getByText("1 of 2 replicas ready").waitFor();
    await row(page, "Server2").getByText("down").waitFor();
    await cell(page, "Server2", "State").getByText("connection refused").waitFor();
    assertEquals((await namesInTable(page))[0], "Server2", "problems first");
    await page.getByRole("img", { name: /not ready: Server2/ }).waitFor();
    await back.shutdown();
    back = serve(two.addr.port);
    await page.getByText("2 of 2 replicas ready").waitFor();
    await page.getByRole("img", { name: /all are ready/ }).waitFor();
  });

  await t.step("figures become charts, and shares of the requests", async () => {
    const { page, complaints } = await tab();
    const one = { errors: 0, inFlight: 2, p50Ms: 1, p99Ms: 9, holdP99Ms: 5200 };
    let seconds = 0;
    await page.route("**/_lb/load", (route) => {
      const [at, requests] = [1000 * ++seconds, 400 * seconds];
      const none = { errors: 0, held: 0, retried: 0, holding: 3, connections: 1 };
      const replicas = {
        Server1: { ...one, requests: requests * 0.75 },
        Server2: { ...one, requests: requests * 0.25 },
      };
      return route.fulfill({ json: { at, requests, ...none, replicas } });
    });
    await page.route("**/_lb/history*", async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      const length = json.at.length;
      const of = (value: number) => Array.from({ length }, () => value);
      const series = { ...json.series, "2xx": of(380), "5xx": of(20), held: of(4), p50Ms: of(7) };
      return route.fulfill({ response, json: { ...json, series: { ...series, p99Ms: of(80) } } });
    });
    await page.goto(`${first.own}/_lb/`);
    await page.getByRole("img", { name: "Requests in the last 5 min, now 400 /s" }).waitFor();
    await page.getByText("5xx 20").waitFor();
    await page.getByText("p99 80 ms").waitFor();
    await page.getByText("3 waiting").waitFor();
    await cell(page, "Server1", "Requests").getByText("75.0 %").waitFor();
    assertEquals(await cell(page, "Server2", "p50 / p99").innerText(), "1 ms / 9 ms");
    assertEquals(await cell(page, "Server2", "Hold p99").innerText(), "5200 ms");
    assertEquals(complaints, []);
    await page.close();
  });

  await t.step("a lost balancer's state is not shown as the present one", async () => {
    await first.end("SIGKILL");
    await page.getByText("not connected, trying again").waitFor();
    await page.getByText("Not connected; last known: 2 of 2 replicas ready").waitFor();
    await row(page, "Server1").getByText("was ready").waitFor();
  });

  await t.step("the page reconnects to a balancer that is back, without a reload", async () => {
    await using _ = await Balancer.ready({
      ...env,
      LB_PORT: new URL(first.url).port,
      LB_ADMIN_LISTEN: new URL(first.own).host,
    });
    await page.getByText("live", { exact: true }).waitFor();
    await page.getByText("2 of 2 replicas ready", { exact: true }).waitFor();
  });
  await Promise.all([one.shutdown(), back.shutdown()]);
});

/** A fleet that never became ready is not called unharmed. */
async function neverReady(tab: OpenTab): Promise<void> {
  await using balancer = await Balancer.start({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_REPLICA_COMMAND: "sh -c 'echo cannot open the database; exit 3'",
  });
  const { page, complaints } = await open(balancer, tab());
  await page.getByText("0 of 1 replica ready").waitFor();
  await page.locator(".incident").getByText("the replica was never ready").waitFor();
  await cell(page, "Server1", "State").getByText(/exit code 3/).waitFor();
  await page.locator(".incident").getByText("still healing").waitFor();
  await page.getByText("Last lines of the instance").click();
  await page.getByText("cannot open the database").first().waitFor();
  assertEquals(await page.getByText("Nothing has failed").count(), 0);
  await balancer.call("DELETE", "/rm", { n: 1 });
  await page.getByText("No replicas", { exact: true }).waitFor();
  assertEquals(await page.locator(".health.good").count(), 0);
  assertEquals(complaints, []);
}

/** The page asks for a required token, and repeats no refused call. */
async function requiredToken(tab: OpenTab): Promise<void> {
  const server = serve();
  await using balancer = await Balancer.start({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `Server1=127.0.0.1:${server.addr.port}`,
    LB_ADMIN_LISTEN: "127.0.0.1:0",
    LB_ADMIN_TOKEN: "adm1n",
    LB_READ_TOKEN: "r3ad",
  });
  const { page, complaints } = await tab();
  await page.goto(`${balancer.own}/_lb/`);
  const give = async (token: string) => {
    await page.getByRole("textbox", { name: "Token" }).fill(token);
    await page.getByRole("button", { name: "Use token" }).click();
  };
  await page.getByRole("alert").filter({ hasText: "this call wants the header" }).waitFor();
  assertEquals(await barriers(page), []);
  await page.keyboard.press("Escape");
  await page.getByText("The balancer answers only with a token.").waitFor();
  assertEquals(await barriers(page), []);
  await page.getByRole("button", { name: "Enter a token…" }).click();
  await give("wrong");
  await page.getByRole("alert").filter({ hasText: "neither LB_READ_TOKEN nor" }).waitFor();
  await page.getByText("waiting for a token").waitFor();
  await give("r3ad");
  await page.getByText("1 of 1 replica ready").waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await page.getByText("Server1: warming → ready").waitFor();
  const weigh = async () => {
    await page.getByRole("button", { name: "Manage Server1" }).click();
    await page.getByRole("spinbutton", { name: "Weight" }).fill("2");
    await page.getByRole("button", { name: "Set weight" }).click();
  };
  await weigh();
  await page.getByRole("alert").filter({ hasText: "Refused: " }).filter({
    hasText: "has the scope read",
  }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Admin token/ }).click();
  await give("adm1n");
  await page.reload();
  await weigh();
  await row(page, "Server1").getByText("weight 2").waitFor();
  assertEquals(await page.evaluate("[localStorage.length, document.cookie]"), [0, ""]);
  const { output } = await balancer.end("SIGTERM");
  await server.shutdown();
  // One call without a token, one with the wrong one, one of too little scope: each alone.
  assertEquals(output.match(/"ringkeeper.reason":"[a-z-]+"/g), [
    '"ringkeeper.reason":"no-token"',
    '"ringkeeper.reason":"wrong-token"',
    '"ringkeeper.reason":"scope"',
  ]);
  assertEquals(complaints.filter((text) => !/status of 40[13]|ERR_/.test(text)), []);
}

/** The page stays smooth with 200 replicas and 65,536 slots. */
async function manyReplicas(tab: OpenTab): Promise<void> {
  const server = Deno.serve({ hostname: "0.0.0.0", port: 0, onListen() {} }, () => {
    return new Response("here");
  });
  const upstreams = Array.from(
    { length: 200 },
    (_, i) => `service-${i + 1}=127.0.1.${i + 1}:${server.addr.port}`,
  );
  await using balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_HEALTH_PATH: "/",
    LB_SLOTS: "65536",
    LB_UPSTREAMS: upstreams.join(","),
  });
  const { page, complaints } = await open(balancer, tab());
  await page.getByRole("img", { name: /^Ring of 65536 slots shared by 200 replicas/ }).waitFor();
  await page.getByRole("button", { name: "Show all 200 replicas" }).click();
  await row(page, "service-200").waitFor();
  assertEquals((await namesInTable(page)).length, 200);
  await page.getByRole("searchbox", { name: "Show replicas by name or state" }).fill("service-19");
  await row(page, "service-199").waitFor();
  assertEquals((await namesInTable(page)).length, 11);
  // The table of slots is sent once: after that, a change of health alone leaves it out.
  const { digest } = await balancer.status();
  const { body } = await balancer.call("GET", `/_lb/ring?known=${digest}`);
  const { unchanged, runs } = body as { unchanged: boolean; runs: number[] };
  assert(unchanged && runs.length === 0);
  assertEquals(complaints, []);
  await server.shutdown();
}

browserTest("the page of other balancers", async (tab, t) => {
  await t.step("a fleet that never became ready is not called unharmed", () => neverReady(tab));
  await t.step("a required token is asked for, and no refused call is repeated", () => {
    return requiredToken(tab);
  });
  await t.step("200 replicas and 65,536 slots are shown", () => manyReplicas(tab));
});
