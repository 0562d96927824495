/**
 * Headless Chromium for tests of the page.
 *
 * @module
 */
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { PERMITTED, systemTest } from "../../tools/test/needs.ts";

/** Names that distributions give it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** No window, no other process's sandbox, and no call to anybody. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const DEADLINE_MS = 180_000;

/** Ends requests in progress, also local ones, when another test adds or removes a network. */
const NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED";

async function findChromium(): Promise<string | undefined> {
  const script = NAMES.map((name) => `command -v ${name}`).join(" || ");
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], stderr: "null" })
    .output();
  return new TextDecoder().decode(stdout).trim() || undefined;
}

const PATH = PERMITTED ? await findChromium() : undefined;

/** Without Chromium there is nothing to test, unless `LB_TEST_BROWSER=required` insists. */
const IGNORED = !PERMITTED || PATH === undefined && Deno.env.get("LB_TEST_BROWSER") !== "required";

/** A page in a browser of its own, and the errors and warnings of that page. */
export interface Tab {
  readonly page: Page;
  /** Errors and warnings of the console, and uncaught exceptions. */
  readonly complaints: readonly string[];
}

/** Opens a tab. */
export type OpenTab = (options?: BrowserContextOptions) => Promise<Tab>;

/**
 * A test that drives a browser. Steps of one test share its browser, which takes seconds to start.
 *
 * @param name the name of the test, a sentence
 * @param test opens its tabs, which are closed for it
 */
export function browserTest(
  name: string,
  test: (open: OpenTab, t: Deno.TestContext) => Promise<void>,
): void {
  const why = IGNORED && PERMITTED ? " (Chromium is not installed)" : "";
  systemTest({
    name: name + why,
    ignore: IGNORED,
    fn: async (t) => {
      const browser = await launch();
      try {
        await test(async (options) => {
          const context = await browser.newContext(options);
          context.setDefaultTimeout(DEADLINE_MS);
          return watched(await context.newPage());
        }, t);
      } finally {
        await browser.close();
      }
    },
  });
}

/** Starts the browser with a temporary profile, which is removed at its end. */
async function launch(): Promise<Browser> {
  if (PATH === undefined) throw new Error(`none of ${NAMES.join(", ")} is installed`);
  // Otherwise a library of playwright reads a part of /proc to detect Windows, which Deno denies
  // unless all permissions are granted.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: PATH, args: FLAGS });
}

function watched(page: Page): Tab {
  const complaints: string[] = [];
  page.on("console", (message) => {
    const { url } = message.location();
    const text = message.text();
    if (!["error", "warning"].includes(message.type()) || text.includes(NETWORK_CHANGED)) return;
    complaints.push(`${text} ${url}`);
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return { page, complaints };
}

/**
 * The accessibility faults of a page that a program can find.
 *
 * @param page the page as it is
 * @param part a selector of the part to look at; the whole page unless given
 * @returns each with its rule and where it is
 */
export async function barriers(page: Page, part = "html"): Promise<string[]> {
  const { default: axe } = await import("axe-core");
  await page.evaluate(axe.source);
  // Rules that pass would be described with each of their elements, too.
  const options = { resultTypes: ["violations"] };
  const { violations }: AxeResults = await page.evaluate(
    `axe.run(${JSON.stringify(part)}, ${JSON.stringify(options)})`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`)
  );
}
