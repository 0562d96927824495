import { assertEquals } from "@std/assert";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { barriers, browserTest } from "../harness/chromium.ts";
import {
  assertTidy,
  escapeTo,
  followLink,
  openPage,
  pressButton,
  typeInto,
} from "../harness/operators_page.ts";

/** A service that differs from the built-in one. */
const MORTAL =
  `${Deno.execPath()} run --quiet --no-prompt --allow-net --allow-env=LIFE_MS,PORT,REFUSES,SERVER_NAME,VERSION ` +
  new URL("../testdata/mortal.ts", import.meta.url).pathname;

browserTest("the page shows failures, drills and deploys as they happen", async (tab, t) => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "3",
    LB_DRILLS: "true",
  });
  const { page, complaints } = await openPage(balancer, tab());
  const press = (name: string | RegExp) => pressButton(page, name);

  await t.step("a kill and its heal are seen as they happen, with the cause", async () => {
    await signal(pidOf(await balancer.replica("Server2")), "KILL");
    await page.getByText(/^Server2: ready → (?:down|waiting|starting).*SIGKILL/).first().waitFor();
    const incident = page.locator(".incident").filter({ hasText: "Server2" });
    await incident.filter({ hasText: /SIGKILL[\s\S]*full ring after/ }).or(
      incident.filter({ hasText: /full ring after[\s\S]*SIGKILL/ }),
    ).waitFor();
    await page.getByText("3 of 3 replicas ready").waitFor();
    await page.getByText("1 incident", { exact: true }).first().waitFor();
  });

  await t.step("failures of one replica by one cause are a group, and a warning", async () => {
    for (const kills of [2, 3]) {
      await balancer.until(({ ready, desired }) => ready === desired);
      await signal(pidOf(await balancer.replica("Server2")), "KILL");
      await page.locator(".incident").filter({ hasText: `${kills} times` }).waitFor();
    }
    await page.getByText(/^Server2 failed 3 times in the last ten minutes: .*SIGKILL/).waitFor();
    assertEquals(await page.locator(".incident").count(), 1);
    await balancer.until(({ ready, desired }) => ready === desired);
    await assertTidy(page, "a replica that failed three times");
  });

  await t.step("a tab that opens later shows the earlier traffic", async () => {
    for (let i = 0; i < 20; i++) await (await fetch(`${balancer.url}/home`)).text();
    await page.getByRole("img", { name: /^Requests in the last 5 min/ }).waitFor();
    const later = (await openPage(balancer, tab())).page;
    await later.getByRole("img", { name: /^Requests in the last 5 min/ }).waitFor();
    await later.getByRole("img", { name: /^Latency in the last 5 min/ }).waitFor();
    await assertTidy(later, "charts");
    await later.getByRole("radio", { name: "24 h" }).check();
    await later.getByText("none in the last 24 h").first().waitFor();
    await later.getByRole("radio", { name: "15 min" }).check();
    await later.getByRole("img", { name: /^Requests in the last 15 min/ }).waitFor();
    await later.close();
  });

  await t.step("a call that needs the token says so, and a link brings it", async () => {
    await press("Manage Server3");
    await press("Kill Server3 under load");
    await page.getByText("(see Admin token)").waitFor();
    await escapeTo(page, "Manage Server3");
    await page.getByRole("button", { name: "Admin token…" }).waitFor();
    await followLink(balancer, page);
  });

  await t.step("a drill keeps its result in view", async () => {
    await press("Manage Server3");
    await press("Kill Server3 under load");
    await page.getByText(/^Drill on Server3 (?:passed|failed).*: \d+ requests, \d+ lost/).waitFor();
    await page.getByRole("region", { name: "Drill" }).getByText("Objective").waitFor();
    await page.getByRole("button", { name: "Manage Server3" }).and(page.locator(":focus"))
      .waitFor();
    await assertTidy(page, "the result of a drill");
    await balancer.until(({ ready, desired }) => ready === desired);
  });

  await t.step("a deploy that fails is rolled back, and shows its steps", async () => {
    const { template: { command: before } } = await balancer.status();
    await press("Deploy…");
    await typeInto(page, page.getByRole("textbox", { name: "Command" }), "sh -c 'exit 7'");
    await typeInto(page, page.getByRole("spinbutton", { name: "Minimum ready time" }), "50");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("region", { name: "Deploy" });
    await panel.getByText(/^rolled back: /).first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assertEquals((await balancer.status()).template["command"], before);
    await assertTidy(page, "a deploy that was rolled back");
    await press("Dismiss deploy");
    await panel.waitFor({ state: "detached" });
    await page.locator("main:focus").waitFor();
  });

  await t.step(
    "a deploy replaces all replicas, and the former template can come back",
    async () => {
      const { template: { command: before } } = await balancer.status();
      await press("Deploy…");
      await typeInto(page, page.getByRole("textbox", { name: "Command" }), MORTAL);
      await typeInto(page, page.getByRole("spinbutton", { name: "Minimum ready time" }), "50");
      await page.keyboard.press("Enter");
      const panel = page.getByRole("region", { name: "Deploy" });
      await panel.getByText("done", { exact: true }).first().waitFor();
      assertEquals((await balancer.status()).template["command"], MORTAL);
      await assertTidy(page, "a deploy that is done");
      await press("Roll back to the previous template");
      await balancer.until(({ template }) => template["command"] === before);
      await panel.getByText("done", { exact: true }).first().waitFor();
      await press("Dismiss deploy");
    },
  );

  await t.step("with incidents and charts it has no accessibility faults", async () => {
    assertEquals(await barriers(page), []);
  });
  // The browser's own messages about refused calls are no fault of the page.
  assertEquals(complaints.filter((text) => !/status of (?:400|401)/.test(text)), []);
});
