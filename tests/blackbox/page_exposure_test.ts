import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { Balancer } from "../harness/balancer.ts";
import { browserTest } from "../harness/chromium.ts";

/** Takes over every navigation below its scope, and every request of its pages. */
const WORKER = `
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
self.addEventListener("fetch", (event) => {
  const { mode, url } = event.request;
  if (mode !== "navigate") return event.respondWith(fetch(event.request));
  const answer = fetch(event.request).then(async (response) =>
    new Response("taken over: " + response.status + " " + url, {
      headers: { "content-type": "text/html" },
    })
  );
  event.respondWith(answer);
});`;

/** A service with pages and scripts of its own, behind a balancer. */
async function started(env: Record<string, string> = {}) {
  const service = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    return pathname.endsWith(".js")
      ? new Response(WORKER, { headers: { "content-type": "text/javascript" } })
      : new Response("<!doctype html><title>app</title>the app", {
        headers: { "content-type": "text/html" },
      });
  });
  const balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `127.0.0.1:${service.addr.port}`,
    LB_HEALTH_PATH: "",
    ...env,
  });
  return {
    balancer,
    [Symbol.asyncDispose]: async () => {
      await balancer[Symbol.asyncDispose]();
      await service.shutdown();
    },
  };
}

const CHANGES = [
  ["POST", "/add", { n: 1 }],
  ["DELETE", "/rm", { n: 1 }],
  ["POST", "/_lb/plan", { slots: 1024 }],
  ["PATCH", "/_lb/ring", { slots: 1024 }],
  ["PATCH", "/_lb/log", { access: "full" }],
  ["POST", "/_lb/deploy", { command: "sh -c 'touch /tmp/owned'" }],
  ["POST", "/_lb/drill", { kill: "Server1" }],
  ["POST", "/_lb/prove", { nonce: "a", mac: "b" }],
] as const;

const READS = ["/rep", "/_lb/status", "/_lb/healthz", "/_lb/ring", "/_lb/metrics", "/_lb/events"];

/** The status of a page's request, or `none` where its browser keeps the answer from it. */
function statusIn(page: Page, url: string, init: object = {}): Promise<number | "none"> {
  return page.evaluate(
    ([url, init]) =>
      fetch(url, init).then(
        ({ status, type }) => type === "opaque" ? "none" : status,
        () => "none" as const,
      ),
    [url, init] as const,
  );
}

/** Has the service's worker take over its whole origin. */
async function register(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    await navigator.serviceWorker.register("/sw.js", { scope: "/" });
    await navigator.serviceWorker.ready;
  })()`);
}

browserTest("a page of a replica can change nothing and see nothing of the API", async (tab) => {
  await using running = await started({ LB_DRILLS: "true" });
  const { balancer } = running;
  const { url, own } = balancer;
  const before = await balancer.status();
  const { page } = await tab();
  await page.goto(`${url}/`);

  for (const path of READS) {
    assertEquals(await statusIn(page, own + path), "none", `read ${path}`);
    assertEquals(await statusIn(page, own + path, { mode: "no-cors" }), "none", `read ${path}`);
  }
  assertEquals(await statusIn(page, "/rep"), 401);
  for (const [method, path, body] of CHANGES) {
    const init = { method, body: JSON.stringify(body) };
    assertEquals(await statusIn(page, own + path, init), "none", path);
    // Without a look at the answer, which a browser sends without asking first.
    const blind = { ...init, mode: "no-cors" };
    if (method === "POST") assertEquals(await statusIn(page, own + path, blind), "none", path);
    if (!path.startsWith("/_lb")) assertEquals(await statusIn(page, path, init), 401, path);
  }
  // A form, and the operator's page in a frame and in a window of the page's own.
  const [answer] = await Promise.all([
    page.waitForResponse(`${own}/_lb/plan`),
    page.evaluate(`
      document.body.innerHTML = \`<iframe name="out"></iframe>
        <form method="post" target="out" enctype="text/plain" action="${own}/_lb/plan">
        <input name='{"slots":1024,"x' value='":1}'></form>\`;
      document.forms[0].submit();`),
  ]);
  assertEquals(answer.status(), 403);
  const frame = await page.evaluate(`(async () => {
    document.body.innerHTML = '<iframe src="${own}/_lb/"></iframe>';
    const [frame] = document.getElementsByTagName("iframe");
    await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    return frame.contentDocument === null;
  })()`);
  assertEquals(frame, true);

  const after = await balancer.status();
  assertEquals([after.version, after.digest], [before.version, before.digest]);
  const { output } = await balancer.end("SIGTERM");
  const made = output.split("\n").filter((line) =>
    /"audit".*"level":"INFO"|ringkeeper\.audit/.test(line)
  )
    .filter((line) => JSON.parse(line).level === "INFO");
  assertEquals(made, []);
});

browserTest(
  "a service worker of the app does not come between the operator and the page",
  async (tab) => {
    await using running = await started();
    const { balancer } = running;
    const { page } = await tab();
    await page.goto(`${balancer.url}/`);
    await register(page);
    await page.goto(`${balancer.url}/_lb/`);
    assertMatch(await page.innerText("body"), /^taken over: 200 /);

    const response = await page.goto(`${balancer.own}/_lb/`);
    assertMatch(response?.headers()["content-security-policy"] ?? "", /default-src 'none'/);
    assertEquals(response?.fromServiceWorker(), false);
    await page.getByText("1 of 1 replica ready").waitFor();
    const controller = await page.evaluate("navigator.serviceWorker?.controller ?? null");
    assertEquals(controller, null);
  },
);

browserTest(
  "on a port that the service shares its pages show a token, and get no worker there",
  async (tab) => {
    await using running = await started({ LB_PUBLIC_API: "all", LB_DRILLS: "true" });
    const { balancer } = running;
    const { page } = await tab();
    await page.goto(`${balancer.url}/`);
    const attack = async (when: string) => {
      for (const path of READS) assertEquals(await statusIn(page, path), 401, `${when}: ${path}`);
      for (const [method, path, body] of CHANGES) {
        const status = await statusIn(page, path, { method, body: JSON.stringify(body) });
        assert(
          path === "/_lb/prove" ? status === 400 : status === 401,
          `${when}: ${path} ${status}`,
        );
      }
    };
    await attack("as a page");
    const refused = await page.evaluate(`(async () => {
    const scripts = ["/_lb/sw.js", "/_lb/", "/_lb/openapi.json"];
    const tried = scripts.map((script) => navigator.serviceWorker.register(script));
    return (await Promise.allSettled(tried)).map(({ status }) => status);
  })()`);
    assertEquals(refused, ["rejected", "rejected", "rejected"]);
    await register(page);
    await attack("through a service worker");
    // The worker forwards the operator's input without reading it.
    await page.goto(`${balancer.url}/_lb/status`);
    assertMatch(await page.innerText("body"), /^taken over: 401 /);
  },
);
