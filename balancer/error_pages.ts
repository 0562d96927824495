/**
 * Loads the operator's error pages (`LB_ERROR_PAGES`).
 *
 * @module
 */
import { ConfigError } from "./config.ts";
import { errorMessage } from "./failures.ts";
import type { ErrorPage } from "./proxy/settings.ts";

/** Most bytes of one page: an error page should stand alone and be small. */
const MAX_BYTES = 64 * 1024;

/** Most bytes of all pages; every worker keeps them. */
const MAX_TOTAL_BYTES = 1024 * 1024;

const NAME = /^([45]\d\d|[45]xx|maintenance)\.html$/;

/**
 * Loads every page of a folder. Files that are no HTML are ignored.
 *
 * @param folder path of the folder; empty for no pages
 * @throws {ConfigError} every fault: the file, the bound and the value found
 */
export function loadErrorPages(folder: string): readonly ErrorPage[] {
  if (folder === "") return [];
  const faults: string[] = [];
  const pages: ErrorPage[] = [];
  for (const file of filesOf(folder)) {
    const page = load(`${folder}/${file}`, file);
    if (typeof page === "string") faults.push(`LB_ERROR_PAGES: ${folder}/${file}: ${page}`);
    else pages.push(page);
  }
  const total = pages.reduce((sum, { html }) => sum + html.length, 0);
  if (total > MAX_TOTAL_BYTES) {
    faults.push(
      `LB_ERROR_PAGES: ${folder}: all pages must have at most ${MAX_TOTAL_BYTES} characters; ` +
        `got ${total}`,
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return pages;
}

function filesOf(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name)
      .filter((name) => name.endsWith(".html")).sort();
  } catch (error) {
    throw new ConfigError([
      `LB_ERROR_PAGES: must be a folder that the balancer may read; got ${folder}: ` +
      errorMessage(error),
    ]);
  }
}

/** @returns the page, or its fault */
function load(path: string, file: string): ErrorPage | string {
  if (!NAME.test(file)) {
    return `the name must be a status from 400 to 599, 4xx, 5xx or maintenance, and .html; got ${file}`;
  }
  try {
    const { size } = Deno.statSync(path);
    if (size === 0 || size > MAX_BYTES) return `must have 1 to ${MAX_BYTES} bytes; got ${size}`;
    const bytes = Deno.readFileSync(path);
    return {
      name: file.slice(0, -".html".length),
      html: new TextDecoder("utf-8", UTF8).decode(bytes),
    };
  } catch (error) {
    if (error instanceof TypeError) return "must be UTF-8; got other bytes";
    return `cannot be read: ${errorMessage(error)}`;
  }
}

const UTF8 = { fatal: true };
