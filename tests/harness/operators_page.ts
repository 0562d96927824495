/**
 * The operator's page as a test sees it: rows, keyboard and layout.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Locator, Page } from "playwright-core";
import type { Balancer } from "./balancer.ts";
import type { Tab } from "./chromium.ts";

/** Opens the page and waits until it shows the fleet. */
export async function openPage(balancer: Balancer, tab: Promise<Tab>): Promise<Tab> {
  const { page, complaints } = await tab;
  await page.goto(`${balancer.own}/_lb/`);
  await page.getByText(/^\d+ of \d+ replicas? ready$/).waitFor();
  return { page, complaints };
}

/** Opens the page by a link with the balancer's own token, as `ringkeeper up` prints it. */
export async function followLink(balancer: Balancer, page: Page): Promise<void> {
  const { authorization } = await balancer.bearer();
  await page.goto("about:blank");
  await page.goto(`${balancer.own}/_lb/#token=${authorization.replace("Bearer ", "")}`);
  await page.getByRole("button", { name: "Admin token ✓" }).waitFor();
  assertEquals(page.url(), `${balancer.own}/_lb/`);
}

/** The row of a replica. */
export function row(page: Page, name: string): Locator {
  return page.getByRole("row").filter({
    has: page.getByRole("rowheader", { name: new RegExp(`^${name}\\b`) }),
  });
}

/** A cell of a replica's row. */
export function cell(page: Page, name: string, title: string): Locator {
  return row(page, name).locator(`[data-label="${title}"]`);
}

/** The names in the order of the table. */
export function namesInTable(page: Page): Promise<string[]> {
  return page.locator(".replicas tbody .swatched").allInnerTexts();
}

/** More presses of Tab than any page has stops. */
const STOPS = 120;

/**
 * Presses Tab until the element has the focus, which must be visible.
 *
 * @param page the page
 * @param wanted the element
 */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  // A handle, because a locator searches the whole page again at every stop.
  const element = await wanted.elementHandle();
  for (let stop = 0; stop < STOPS; stop++) {
    if (await element?.evaluate((one) => one.matches(":focus-visible"))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${wanted}`);
}

/** Reaches a button by Tab and presses it. */
export async function pressButton(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, page.getByRole("button", { name, exact: true }));
  await page.keyboard.press("Enter");
}

/** Reaches a field by Tab and types into it, instead of its content. */
export async function typeInto(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

/**
 * Closes the open dialog by Escape: the focus has to return to the button that opened it.
 *
 * @param page the page
 * @param opener name of the button
 */
export async function escapeTo(page: Page, opener: string): Promise<void> {
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: opener, exact: true }).and(page.locator(":focus"))
    .waitFor();
}

/** The widths that the page is looked at: a desk, a small window, a phone. */
const WIDTHS = [1440, 1024, 390] as const;

/**
 * Asserts at each width that no texts overlap, that none is clipped or outside, and that nothing
 * scrolls sideways. Boxes do not differ between versions of Chromium as pixels do.
 *
 * @param page the page in the state to look at; its size is restored
 * @param state the state in words, for the message
 */
export async function assertTidy(page: Page, state: string): Promise<void> {
  const script = await Deno.readTextFile(new URL("layout_faults.js", import.meta.url));
  const before = page.viewportSize();
  assert(before, "the page has a size of its own");
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    // Charts and ring follow the width after the next layout.
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
    const faults: string[] = await page.evaluate(script);
    assertEquals(faults, [], `${state} at ${width} pixels`);
  }
  await page.setViewportSize(before);
}
