import { assertEquals, assertMatch } from "@std/assert";
import { buildPage, DIST } from "../../tools/build/page.ts";
import { Balancer } from "../harness/balancer.ts";
import { barriers, browserTest } from "../harness/chromium.ts";
import {
  assertTidy,
  cell,
  escapeTo,
  namesInTable,
  openPage,
  pressButton,
  row,
  tabTo,
  typeInto,
} from "../harness/operators_page.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

test("the built page matches its sources (deno task build:page builds it)", async () => {
  const built = await buildPage();
  const kept = [...Deno.readDirSync(DIST)].map(({ name }) => name);
  assertEquals(kept.sort(), [...built.keys()].sort());
  for (const [name, bytes] of built) {
    assertEquals(await Deno.readFile(new URL(name, DIST)), bytes, name);
  }
});

browserTest(
  "the page shows a fleet of processes, and changes it by keyboard alone",
  async (tab, t) => {
    await using balancer = await Balancer.ready({ LB_ENGINE: "process", LB_REPLICAS: "3" });
    const { page, complaints } = await openPage(balancer, tab());
    const press = (name: string | RegExp) => pressButton(page, name);
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const focused = (name: string) => button(name).and(page.locator(":focus")).waitFor();

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
      await assertTidy(page, "three idle replicas");
    });

    await t.step(
      "Tab visits the page from its top to its end, and every stop is in sight",
      async () => {
        const stops: string[] = [];
        for (let end = false; !end && stops.length < 60;) {
          await page.keyboard.press("Tab");
          const stop: string = await page.evaluate(`(() => {
        const at = document.activeElement;
        if (!at || at === document.body) return "";
        const { top, bottom } = at.getBoundingClientRect();
        const seen = bottom > 0 && top < innerHeight && at.matches(":focus-visible");
        return (seen ? "" : "hidden: ") + (at.getAttribute("aria-label") ?? at.name ??
          "") + " " + at.innerText.split("\\n", 1)[0];
      })()`);
          end = stop === "";
          if (!end) stops.push(stop.trim());
        }
        const inOrder = ["Deploy…", "Maintenance…", "Log…", "API", "span", "Add…"];
        assertEquals(stops.filter((stop) => inOrder.includes(stop)), inOrder);
        assertEquals(stops.filter((stop) => stop.startsWith("hidden")), []);
        const after = stops.slice(stops.indexOf("Add…"));
        assertEquals(after.filter((stop) => /^(?:Manage|Reshape|Explain|Events)/.test(stop)), [
          "Manage Server1 Manage",
          "Manage Server2 Manage",
          "Manage Server3 Manage",
          "Explain",
          "Reshape…",
          after.find((stop) => stop.startsWith("Events")) ?? "Events",
        ]);
      },
    );

    await t.step("Escape closes every dialog and gives the focus back", async () => {
      for (
        const opener of ["Deploy…", "Maintenance…", "Log…", "Add…", "Manage Server1", "Reshape…"]
      ) {
        await press(opener);
        const dialog = page.getByRole("dialog");
        await dialog.locator("input:focus, select:focus").waitFor();
        await assertTidy(page, `the dialog of ${opener}`);
        await escapeTo(page, opener);
      }
    });

    await t.step("a replica is added and removed, and the focus stays near", async () => {
      await press("Add…");
      await page.getByRole("spinbutton", { name: "How many" }).and(page.locator(":focus"))
        .waitFor();
      await typeInto(page, page.getByRole("textbox", { name: "Names" }), "S4");
      await page.keyboard.press("Enter");
      await row(page, "S4").getByText("ready").waitFor();
      await focused("Add…");
      assertEquals((await balancer.replica("S4"))?.state, "ready");
      await press("Manage S4");
      await press("Remove");
      await press("Yes, remove S4");
      await page.getByText("Removed S4").waitFor();
      await row(page, "S4").waitFor({ state: "detached" });
      assertEquals(await balancer.replica("S4"), undefined);
      const where = await page.evaluate(`document.activeElement.closest("main") !== null`);
      assertEquals(where, true, "the focus is lost with the row");
    });

    await t.step("an error names the field of the form", async () => {
      await press("Add…");
      await typeInto(page, page.getByRole("textbox", { name: "Names" }), "a/b");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").filter({ hasText: /^Names: each must be/ }).waitFor();
      assertEquals(await page.getByRole("textbox", { name: "Names" }).inputValue(), "a/b");
      await escapeTo(page, "Add…");
    });

    await t.step(
      "a plan shows the moves, changes nothing, and is discarded or applied",
      async () => {
        const { digest } = await balancer.status();
        const plan = async () => {
          await press("Add…");
          await typeInto(page, page.getByRole("textbox", { name: "Names" }), "S5");
          await press("Show plan");
          await page.getByRole("heading", { name: /^Plan: 2\d\.\d % of the keys would move/ })
            .and(page.locator(":focus")).waitFor();
        };
        await plan();
        assertEquals(await page.getByText("The page cannot draw this plan").count(), 0);
        assertEquals((await balancer.status()).digest, digest);
        await assertTidy(page, "a plan");
        await press("Discard");
        await page.getByRole("heading", { name: /^Plan/ }).waitFor({ state: "detached" });
        await plan();
        await press("Apply");
        await page.getByText(/^Applied the plan; 2\d\.\d % of the keys moved/).waitFor();
        await row(page, "S5").getByText("ready").waitFor();
        await page.getByText("1 change", { exact: true }).or(page.getByText(/\d changes/))
          .waitFor();
      },
    );

    await t.step("a weight changes the ring, and weight 0 drains", async () => {
      await press("Manage S5");
      await typeInto(page, page.getByRole("spinbutton", { name: "Weight" }), "3");
      await press("Set weight");
      await row(page, "S5").getByText("weight 3").waitFor();
      await cell(page, "S5", "Slots").getByText("50.0 %").waitFor();
      await focused("Manage S5");
      await page.keyboard.press("Enter");
      await press("Drain");
      await row(page, "S5").getByText("drained").waitFor();
      await cell(page, "S5", "Slots").getByText("0.0 %").waitFor();
    });

    await t.step("the table is sorted by any column, problems first otherwise", async () => {
      const slots = page.getByRole("columnheader", { name: "Slots" });
      await tabTo(page, slots.getByRole("button"));
      await page.keyboard.press("Enter");
      await slots.and(page.locator('[aria-sort="descending"]')).waitFor();
      assertEquals((await namesInTable(page)).at(-1), "S5");
      await page.keyboard.press("Enter");
      await slots.and(page.locator('[aria-sort="ascending"]')).waitFor();
      assertEquals((await namesInTable(page))[0], "S5");
      await assertTidy(page, "a sorted table");
      await page.keyboard.press("Enter");
    });

    await t.step("a key's way is explained in the balancer's words", async () => {
      const { body } = await balancer.call("GET", "/_lb/explain?key=alice");
      const { reason, slot } = body as { reason: string; slot: number };
      await typeInto(page, page.getByLabel("Key, id or path"), "alice");
      await page.keyboard.press("Enter");
      await page.getByText(reason).waitFor();
      await page.getByText(`${slot}, marked on the ring`).waitFor();
      await assertTidy(page, "an explained key");
      await press("Clear");
      await page.getByLabel("Key, id or path").and(page.locator(":focus")).waitFor();
    });

    await t.step("the log's level is read and set", async () => {
      await press("Log…");
      const level = page.getByRole("combobox", { name: "Level" });
      await page.getByRole("button", { name: "Set" }).and(page.locator(":enabled")).waitFor();
      assertEquals(await level.inputValue(), "info");
      await tabTo(page, level);
      await page.keyboard.type("warning");
      await press("Set");
      await page.getByText("The log has level warning, access log off").waitFor();
      await focused("Log…");
      assertEquals((await balancer.call("GET", "/_lb/log")).body, {
        level: "warning",
        access: "off",
      });
    });

    await t.step("a maintenance begins, is shown, changes and ends", async () => {
      await press("Maintenance…");
      const message = page.getByRole("textbox", { name: "Message" });
      await typeInto(page, message, "Back at 10:00.");
      // The page shows another status, and leaves the form as it is.
      await balancer.call("PATCH", "/_lb/replicas/S5", { weight: 2 });
      await page.locator(".replicas").getByText("weight 2").waitFor();
      assertEquals(await message.inputValue(), "Back at 10:00.");
      await typeInto(page, page.getByRole("textbox", { name: "Served networks" }), "10.0.0.0/33");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").filter({ hasText: /^Served networks.*: each must be/ })
        .waitFor();
      await typeInto(page, page.getByRole("textbox", { name: "Served networks" }), "10.0.0.0/8");
      await page.keyboard.press("Enter");
      await page.getByText("In maintenance; 4 of 4 replicas ready").waitFor();
      await page.getByText(/all routes are answered 503, Retry-After 60 s, except those from 10/)
        .waitFor();
      await focused("Maintenance…");
      const refused = await fetch(`${balancer.url}/home`);
      await refused.body?.cancel();
      assertEquals(refused.status, 503);
      await assertTidy(page, "a maintenance");
      assertEquals(await barriers(page), []);
      await press("Change or end…");
      assertEquals(await message.inputValue(), "Back at 10:00.");
      await press("End maintenance");
      await page.getByText("4 of 4 replicas ready", { exact: true }).waitFor();
      const response = await fetch(`${balancer.url}/home`);
      await response.body?.cancel();
      assertEquals(response.status, 200);
      await page.locator("main:focus").waitFor();
    });

    await t.step(
      "it has no accessibility faults, wide in light colours and narrow in dark ones",
      async () => {
        const looks = [["light", 1280], ["dark", 390]] as const;
        for (const [colorScheme, width] of looks) {
          const viewport = { width, height: 900 };
          const seen = (await openPage(balancer, tab({ colorScheme, viewport }))).page;
          assertEquals(await barriers(seen), []);
          await seen.getByRole("button", { name: "Manage Server1" }).click();
          await seen.getByRole("dialog").waitFor();
          assertEquals(await barriers(seen, "dialog"), []);
          await seen.goto(`${balancer.own}/_lb/docs`);
          // All calls look alike: the other colours need a look at one of them.
          assertEquals(
            await barriers(
              seen,
              colorScheme === "dark" ? "html" : '[aria-labelledby="group-Maintenance"]',
            ),
            [],
          );
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
  },
);
