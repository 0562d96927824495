import { assert, assertEquals } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { makePair } from "../harness/certificates.ts";
import { barriers, browserTest, type OpenTab } from "../harness/chromium.ts";
import { assertTidy, cell, namesInTable, openPage, row } from "../harness/operators_page.ts";

function serve(port = 0, hostname = "127.0.0.1") {
  return Deno.serve({ hostname, port, onListen() {} }, () => new Response("here"));
}

browserTest("the page states only what is known", async (tab, t) => {
  const [one, two] = [serve(), serve()];
  const env = {
    LB_ENGINE: "static",
    LB_UPSTREAMS: `Server1=127.0.0.1:${one.addr.port},Server2=127.0.0.1:${two.addr.port}`,
    LB_HEALTH_PATH: "/",
    LB_HEARTBEAT_MS: "100",
  };
  const first = await Balancer.ready(env);
  const { page } = await openPage(first, tab());
  let back = serve();

  await t.step("a replica is away, and back", async () => {
    await two.shutdown();
    await page.getByText("1 of 2 replicas ready").waitFor();
    await row(page, "Server2").getByText("down").waitFor();
    await cell(page, "Server2", "State").getByText("connection refused").waitFor();
    assertEquals((await namesInTable(page))[0], "Server2", "problems first");
    await page.getByRole("img", { name: /not ready: Server2/ }).waitFor();
    await assertTidy(page, "a replica is down");
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
    await assertTidy(page, "a lost balancer");
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
  const { page, complaints } = await openPage(balancer, tab());
  await page.getByText("0 of 1 replica ready").waitFor();
  await page.locator(".incident").getByText("the replica was never ready").waitFor();
  await cell(page, "Server1", "State").getByText(/exit code 3/).waitFor();
  await page.locator(".incident").getByText("still healing").waitFor();
  await page.getByText("Last lines of the instance").click();
  await page.getByText("cannot open the database").first().waitFor();
  assertEquals(await page.getByText("Nothing has failed").count(), 0);
  await assertTidy(page, "a fleet that was never ready");
  await balancer.call("DELETE", "/rm", { n: 1 });
  await page.getByText("No replicas", { exact: true }).waitFor();
  assertEquals(await page.locator(".health.good").count(), 0);
  await assertTidy(page, "no replicas");
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
  await assertTidy(page, "a token is needed");
  await page.getByRole("button", { name: "Enter a token…" }).click();
  await give("wrong");
  await page.getByRole("alert").filter({ hasText: "neither LB_READ_TOKEN nor" }).waitFor();
  await page.getByText("waiting for a token", { exact: true }).waitFor();
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
  const server = serve(0, "0.0.0.0");
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
  const { page, complaints } = await openPage(balancer, tab());
  await page.getByRole("img", { name: /^Ring of 65536 slots shared by 200 replicas/ }).waitFor();
  await page.getByRole("button", { name: "Show all 200 replicas" }).click();
  await row(page, "service-200").waitFor();
  assertEquals((await namesInTable(page)).length, 200);
  // Figures arrive in every row, although they are rendered in slices.
  const percentages = page.locator('.replicas [data-label="Requests"]', { hasText: "%" });
  const all = percentages.nth(199).waitFor({ state: "attached" }).then(() => true);
  for (let done = false; !done;) {
    await (await fetch(`${balancer.url}/home`)).body?.cancel();
    done = await Promise.race([all, new Promise<false>((later) => setTimeout(later, 50, false))]);
  }
  await row(page, "service-200").getByRole("button").focus();
  await page.locator(".centre").filter({ hasText: /service-200[\s\S]*32[78] slots/ }).waitFor();
  await page.getByRole("searchbox", { name: "Filter replicas by name, state or machine" }).fill(
    "service-19",
  );
  await row(page, "service-199").waitFor();
  assertEquals((await namesInTable(page)).length, 11);
  await assertTidy(page, "200 replicas, filtered");
  // The table of slots is sent once: after that, a change of health alone leaves it out.
  const { digest } = await balancer.status();
  const { body } = await balancer.call("GET", `/_lb/ring?known=${digest}`);
  const { unchanged, runs } = body as { unchanged: boolean; runs: number[] };
  assert(unchanged && runs.length === 0);
  assertEquals(complaints, []);
  await server.shutdown();
}

/** Two balancers of one ring, and what the page says when one of them dies. */
async function severalBalancers(tab: OpenTab): Promise<void> {
  const server = serve();
  const folder = await Deno.makeTempDir();
  const env = {
    LB_ENGINE: "static",
    LB_UPSTREAMS: `Server1=127.0.0.1:${server.addr.port}`,
    LB_HEALTH_PATH: "/",
    LB_STORE: `file:${folder}`,
    LB_LEASE_MS: "1000",
  };
  const other = await Balancer.ready(env);
  await using balancer = await Balancer.ready(env);
  const { page, complaints } = await openPage(balancer, tab());
  const rows = page.getByRole("region", { name: "Balancers" }).locator("tbody tr");
  const self = rows.filter({ hasText: "this one" });
  const holder = rows.filter({ hasText: "holds the lease" });
  await holder.filter({ hasText: `process ${other.pid}` }).waitFor();
  await self.filter({ hasText: `process ${balancer.pid}` }).filter({ hasText: "follower" })
    .waitFor();
  const { digest } = await balancer.status();
  assertEquals(await rows.filter({ hasText: digest.slice(0, 8) }).count(), 2);
  assertEquals(await page.locator("td.differs").count(), 0);
  await assertTidy(page, "two balancers");
  assertEquals(await barriers(page, ".cluster"), []);
  await other.end("SIGKILL");
  await self.filter({ hasText: "holds the lease" }).waitFor();
  await page.getByText("1 live balancer", { exact: false }).waitFor();
  assertEquals(complaints, []);
  // It writes into the folder until it ends.
  await balancer.end("SIGTERM");
  await server.shutdown();
  await Deno.remove(folder, { recursive: true });
}

/** Replicas that run on several machines are counted by machine. */
/** Runs in the page: changes the replicas of the streamed status, as engine swarm has them. */
function onMachines(changes: { readonly [name: string]: object }): void {
  const fetched = fetch;
  globalThis.fetch = async (...request) => {
    const response = await fetched(...request);
    if (!String(request[0]).startsWith("events") || !response.body) return response;
    let rest = "";
    const changed = new TransformStream<string, string>({
      transform(chunk, out) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) out.enqueue(`${changedLine(line)}\n`);
      },
    });
    const text = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(changed);
    return new Response(text.pipeThrough(new TextEncoderStream()), response);
  };
  function changedLine(line: string): string {
    if (!line.startsWith('data: {"type":"status"')) return line;
    const change = JSON.parse(line.slice(6));
    for (const replica of change.replicas) Object.assign(replica, changes[replica.name]);
    return `data: ${JSON.stringify(change)}`;
  }
}

async function severalMachines(tab: OpenTab, t: Deno.TestContext): Promise<void> {
  const server = serve();
  const folder = await Deno.makeTempDir();
  await makePair(folder, "default", { names: ["shop.example", "*.shop.example"] });
  await makePair(folder, "old", { names: ["old.example"], days: 3 });
  await using balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_UPSTREAMS: ["a", "b", "c"].map((name) => `${name}=localhost:${server.addr.port}`).join(","),
    LB_HEALTH_PATH: "",
    LB_TLS_PORT: "0",
    LB_TLS_CERTIFICATES: folder,
  });
  const { page, complaints } = await tab();
  await page.addInitScript(onMachines, {
    a: { machine: "node-1.rack-7.example" },
    b: { machine: "node-1.rack-7.example" },
    c: { machine: "node-2.rack-7.example", state: "down" },
  });
  await page.goto(`${balancer.own}/_lb/`);
  const machines = page.getByRole("list", { name: "Machines" }).getByRole("listitem");
  await machines.filter({ hasText: "node-1.rack-7.example 2 of 2 ready" }).waitFor();
  await machines.filter({ hasText: "node-2.rack-7.example 0 of 1 ready" }).waitFor();
  assertEquals(await cell(page, "b", "Machine").innerText(), "node-1.rack-7.example");
  await assertTidy(page, "several machines and certificates");
  await t.step("certificates have their names and their end, and a warning before it", async () => {
    const rows = page.getByRole("region", { name: "Certificates" }).locator("tbody tr");
    await rows.filter({ hasText: "shop.example, *.shop.example" }).getByText(/in (?:29|30) days/)
      .waitFor();
    await rows.filter({ hasText: "old.example" }).locator(".differs").waitFor();
    await page.getByText(/^Certificate old ends in [23] days\.$/).waitFor();
    assertEquals(await barriers(page, "main"), []);
    await Deno.writeTextFile(`${folder}/default.key`, "no key");
    await page.getByText(/^Certificate default: .*default\.key/).waitFor();
  });
  assertEquals(complaints, []);
  await Deno.remove(folder, { recursive: true });
  await page.close();
  await server.shutdown();
}

browserTest("the page of other balancers", async (tab, t) => {
  await t.step("a fleet that never became ready is not called unharmed", () => neverReady(tab));
  await t.step("a required token is asked for, and no refused call is repeated", () => {
    return requiredToken(tab);
  });
  await t.step("200 replicas and 65,536 slots are shown", () => manyReplicas(tab));
  await t.step("several balancers are named with their roles", () => severalBalancers(tab));
  await t.step("replicas are counted by machine", (t) => severalMachines(tab, t));
});
