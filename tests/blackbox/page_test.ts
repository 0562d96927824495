import { assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { buildPage, DIST } from "../../tools/build/page.ts";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { barriers, browserTest, type OpenTab, type Tab } from "../harness/chromium.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const PROCESSES = { LB_ENGINE: "process", LB_REPLICAS: "3" };

/** Opens the page and waits until it shows the fleet. */
async function open(balancer: Balancer, tab: Promise<Tab>): Promise<Tab> {
  const { page, complaints } = await tab;
  await page.goto(`${balancer.own}/_lb/`);
  await page.getByText(/^\d+ of \d+ replicas? ready$/).waitFor();
  return { page, complaints };
}

/** A balancer with processes, and its page. */
async function started(env: Record<string, string>, tab: OpenTab) {
  const balancer = await Balancer.ready({ ...PROCESSES, ...env });
  const { page, complaints } = await open(balancer, tab());
  return {
    balancer,
    page,
    complaints,
    [Symbol.asyncDispose]: () => balancer[Symbol.asyncDispose](),
  };
}

/** A server in front of which a balancer stands that runs nothing itself. */
function upstream() {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("here"),
  );
  return {
    env: { LB_ENGINE: "static", LB_UPSTREAMS: `Server1=127.0.0.1:${server.addr.port}` },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Opens the page by a link with the balancer's own token, as `make run` prints it. */
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

test("the built page matches its sources (deno task build:page builds it)", async () => {
  const built = await buildPage();
  const kept = [...Deno.readDirSync(DIST)].map(({ name }) => name);
  assertEquals(kept.sort(), [...built.keys()].sort());
  for (const [name, bytes] of built) {
    assertEquals(await Deno.readFile(new URL(name, DIST)), bytes, name);
  }
});

browserTest("the page shows the ring, the replicas and earlier events", async (tab) => {
  await using running = await started({}, tab);
  const { page, complaints } = running;
  const ring = page.getByRole("img", { name: /^Ring of 512 slots shared by 3 replicas; all are/ });
  await ring.waitFor();
  for (const name of ["Server1", "Server2", "Server3"]) {
    assertMatch(await row(page, name).innerText(), /ready/);
    await page.getByText(`${name}: warming → ready`).waitFor();
  }
  await page.getByText("Nothing has failed since the balancer started.").waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  assertEquals(complaints, []);
});

browserTest("a kill and its heal are seen as they happen", async (tab) => {
  await using running = await started({}, tab);
  const { balancer, page, complaints } = running;
  await signal(pidOf(await balancer.replica("Server2")), "KILL");
  await page.getByText(/^Server2: ready → (?:down|waiting|starting)/).first().waitFor();
  await page.locator(".incident").filter({ hasText: /Server2[\s\S]*full ring after/ }).waitFor();
  const restarts = row(page, "Server2").getByRole("cell").nth(4);
  await restarts.filter({ hasText: /^1$/ }).waitFor();
  await page.getByText("3 of 3 replicas ready").waitFor();
  assertEquals(complaints, []);
});

browserTest("figures become rates, and shares of the requests", async (tab) => {
  await using balancer = await Balancer.ready(PROCESSES);
  const { page, complaints } = await tab();
  const one = { errors: 0, inFlight: 2, p50Ms: 1, p99Ms: 9 };
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
  await page.goto(`${balancer.own}/_lb/`);
  await page.getByRole("img", { name: /^Requests per second .* now 400$/ }).waitFor();
  await page.getByText("3 waiting now").waitFor();
  await row(page, "Server1").getByText("requests 75.0 %").waitFor();
  assertMatch(await row(page, "Server2").innerText(), /1 ms \/ 9 ms/);
  assertEquals(complaints, []);
});

browserTest("text and ring show that a replica is away, and that it is back", async (tab) => {
  const serve = (port: number) =>
    Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, () => new Response("here"));
  const [one, two] = [serve(0), serve(0)];
  await using balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `Server1=127.0.0.1:${one.addr.port},Server2=127.0.0.1:${two.addr.port}`,
    LB_HEALTH_PATH: "/",
    LB_HEARTBEAT_MS: "100",
  });
  const { page } = await open(balancer, tab());
  await two.shutdown();
  await page.getByText("1 of 2 replicas ready").waitFor();
  await row(page, "Server2").getByText("down").waitFor();
  await page.getByRole("img", { name: /not ready: Server2/ }).waitFor();
  const back = serve(two.addr.port);
  await page.getByText("2 of 2 replicas ready").waitFor();
  await page.getByRole("img", { name: /all are ready/ }).waitFor();
  await Promise.all([one.shutdown(), back.shutdown()]);
});

browserTest("a replica is added by keyboard alone, and removed", async (tab) => {
  await using running = await started({}, tab);
  const { balancer, page, complaints } = running;
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

  await page.getByRole("button", { name: "Manage S4" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("button", { name: "Yes, remove S4" }).click();
  await page.getByText("Removed S4").waitFor();
  await row(page, "S4").waitFor({ state: "detached" });
  assertEquals(await balancer.replica("S4"), undefined);
  assertEquals(complaints, []);
});

browserTest("a dialog closes by Escape and gives the focus back", async (tab) => {
  await using running = await started({}, tab);
  const { page } = running;
  const manage = page.getByRole("button", { name: "Manage Server1" });
  await manage.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Server1" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await manage.and(page.locator(":focus")).waitFor();
});

browserTest("a plan shows the moves, changes nothing, and is applied", async (tab) => {
  await using running = await started({}, tab);
  const { balancer, page } = running;
  const { digest } = await balancer.status();
  await page.getByRole("button", { name: "Add…" }).click();
  await page.getByRole("textbox", { name: "Names" }).fill("S4");
  await page.getByRole("button", { name: "Show first what would move" }).click();
  await page.getByRole("heading", { name: /^Plan: 2\d\.\d % of the keys would move/ }).waitFor();
  assertEquals(await page.getByText("The page cannot draw this plan").count(), 0);
  assertEquals((await balancer.status()).digest, digest);
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText(/^Applied the plan; 2\d\.\d % of the keys moved/).waitFor();
  await row(page, "S4").getByText("ready").waitFor();
});

browserTest("a weight changes the ring, and weight 0 drains", async (tab) => {
  await using running = await started({}, tab);
  const { page } = running;
  await page.getByRole("button", { name: "Manage Server3" }).click();
  await page.getByRole("spinbutton", { name: "Weight" }).fill("2");
  await page.getByRole("button", { name: "Set weight" }).click();
  await row(page, "Server3").getByText("weight 2").waitFor();
  await row(page, "Server3").getByText("slots 50.0 %").waitFor();
  await page.getByRole("button", { name: "Manage Server3" }).click();
  await page.getByRole("button", { name: "Drain" }).click();
  await row(page, "Server3").getByText("drained").waitFor();
  await row(page, "Server3").getByText("slots 0.0 %").waitFor();
});

browserTest("without the token an action is refused with the balancer's reason", async (tab) => {
  await using running = await started({ LB_ADMIN_TOKEN: "secret" }, tab);
  const { page } = running;
  const drain = async () => {
    await page.getByRole("button", { name: "Manage Server1" }).click();
    await page.getByRole("button", { name: "Drain" }).click();
  };
  const give = async (token: string) => {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Admin token/ }).click();
    await page.getByRole("textbox", { name: "Token" }).fill(token);
    await page.getByRole("button", { name: "Use it" }).click();
  };
  await drain();
  await page.getByRole("alert").filter({ hasText: "Refused: this call wants the header" })
    .waitFor();
  await give("wrong");
  await drain();
  await page.getByRole("alert").filter({ hasText: "is not LB_ADMIN_TOKEN" }).waitFor();
  assertMatch(await row(page, "Server1").innerText(), /slots 33/);
  await give("secret");
  await page.reload();
  await drain();
  await row(page, "Server1").getByText("drained").waitFor();
  assertEquals(await page.evaluate("[localStorage.length, document.cookie]"), [0, ""]);
});

browserTest("the page asks for a required token, and repeats no refused call", async (tab) => {
  await using server = upstream();
  await using balancer = await Balancer.start({
    ...server.env,
    LB_ADMIN_LISTEN: "127.0.0.1:0",
    LB_ADMIN_TOKEN: "adm1n",
    LB_READ_TOKEN: "r3ad",
  });
  const { page, complaints } = await tab();
  await page.goto(`${balancer.own}/_lb/`);
  const give = async (token: string) => {
    await page.getByRole("textbox", { name: "Token" }).fill(token);
    await page.getByRole("button", { name: "Use it" }).click();
  };
  await page.getByRole("alert").filter({ hasText: "this call wants the header" }).waitFor();
  assertEquals(await barriers(page), []);
  await give("wrong");
  await page.getByRole("alert").filter({ hasText: "neither LB_READ_TOKEN nor" }).waitFor();
  await page.getByText("waits for a token").waitFor();
  await give("r3ad");
  await page.getByText("1 of 1 replica ready").waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await page.getByText("Server1: warming → ready").waitFor();
  await page.getByRole("button", { name: "Manage Server1" }).click();
  await page.getByRole("spinbutton", { name: "Weight" }).fill("2");
  await page.getByRole("button", { name: "Set weight" }).click();
  await page.getByRole("alert").filter({ hasText: "has the scope read" }).waitFor();
  const { output } = await balancer.end("SIGTERM");
  // One call without a token, one with the wrong one, one of too little scope: each alone.
  assertEquals(output.match(/"ringkeeper.reason":"[a-z-]+"/g), [
    '"ringkeeper.reason":"no-token"',
    '"ringkeeper.reason":"wrong-token"',
    '"ringkeeper.reason":"scope"',
  ]);
  // The browser's own messages about refused calls are no fault of the page.
  assertEquals(complaints.filter((text) => !/status of 40[13]|ERR_/.test(text)), []);
});

browserTest("a key's way is explained in the balancer's words", async (tab) => {
  await using running = await started({}, tab);
  const { balancer, page } = running;
  const { body } = await balancer.call("GET", "/_lb/explain?key=alice");
  const { reason, slot } = body as { reason: string; slot: number };
  await page.getByLabel("Key, id or path").fill("alice");
  await page.keyboard.press("Enter");
  await page.getByText(reason).waitFor();
  await page.getByText(`${slot}, marked on the ring`).waitFor();
});

browserTest("a drill reports its costs", async (tab) => {
  await using running = await started({ LB_DRILLS: "true" }, tab);
  const { balancer, page } = running;
  await page.getByRole("button", { name: "Manage Server2" }).click();
  await page.getByRole("button", { name: "Kill Server2 under load" }).click();
  await page.getByText("(see Admin token)").waitFor();
  await followLink(balancer, page);
  await page.getByRole("button", { name: "Manage Server2" }).click();
  await page.getByRole("button", { name: "Kill Server2 under load" }).click();
  await page.getByText(/^Drill on Server2 (?:passed|failed).*: \d+ requests, \d+ lost/).waitFor();
});

browserTest("the page reconnects to a balancer that is back, without a reload", async (tab) => {
  const upstream = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("here"),
  );
  const env = { LB_ENGINE: "static", LB_UPSTREAMS: `Server1=127.0.0.1:${upstream.addr.port}` };
  const first = await Balancer.ready(env);
  const { page } = await open(first, tab());
  await first.end("SIGKILL");
  await page.getByText("not connected, trying again").waitFor();
  await using _ = await Balancer.ready({
    ...env,
    LB_PORT: new URL(first.url).port,
    LB_ADMIN_LISTEN: new URL(first.own).host,
  });
  await page.getByText("live", { exact: true }).waitFor();
  await upstream.shutdown();
});

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`the page has no accessibility faults in ${colorScheme} colours`, async (tab) => {
    await using balancer = await Balancer.ready(PROCESSES);
    await signal(pidOf(await balancer.replica("Server2")), "KILL");
    for (const width of [1280, 390]) {
      const viewport = { width, height: 900 };
      const { page } = await open(balancer, tab({ colorScheme, viewport }));
      await page.locator(".incident").filter({ hasText: "full ring after" }).waitFor();
      assertEquals(await barriers(page), []);
      await page.getByRole("button", { name: "Manage Server1" }).click();
      await page.getByRole("dialog").waitFor();
      assertEquals(await barriers(page), []);
      await page.goto(`${balancer.own}/_lb/docs`);
      assertEquals(await barriers(page), []);
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      assertEquals(wide, width, "the API's description is as wide as the screen");
    }
  });
}

browserTest("the API's description and the page lead to each other", async (tab) => {
  await using running = await started({}, tab);
  const { balancer, page, complaints } = running;
  await page.getByRole("link", { name: "API" }).click();
  await page.getByRole("heading", { name: "POST /_lb/plan" }).waitFor();
  const links = page.getByRole("navigation", { name: "Calls" }).getByRole("link");
  const link = links.filter({ hasText: /POST\s*\/add$/ });
  await link.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(`${balancer.own}/_lb/docs#addReplicas`);
  await page.getByRole("link", { name: "Operator's page" }).click();
  await page.getByText("3 of 3 replicas ready").waitFor();
  assertEquals(complaints, []);
});
