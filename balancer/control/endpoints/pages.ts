/**
 * The pages for browsers: the operator's page and the API's documentation.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { z } from "zod";
import { docs } from "../../page/docs.ts";
import { sendFile, sendPage } from "../../page/page.ts";
import { once } from "../api/lazy.ts";
import { jsonCall, type Operation, otherCall } from "../api/endpoint.ts";

const HTML = "text/html";

/** `GET /_lb`. Relative names in the page are resolved against `/_lb/`. */
export const findPage: Operation = otherCall({
  id: "getPage",
  group: "Pages",
  summary: "The operator's page",
  success: { status: 200, what: "The page, after the redirect", type: HTML },
  redirect: "To `/_lb/`, where the page is",
  run: () => ({ c }) => c.redirect("/_lb/", STATUS_CODE.PermanentRedirect),
});

/** `GET /_lb/`, which `GET /_lb` redirects to and describes: OpenAPI paths end in no slash. */
export const getPage: Operation = otherCall({
  id: "getPage",
  group: "Pages",
  summary: "The operator's page",
  success: { status: 200, what: "The page", type: HTML },
  run: ({ assets }) => async ({ c }) => sendPage(c, await assets.find("index.html")),
});

/** `GET /_lb/page/FILE` */
export const getPageFile: Operation = otherCall({
  id: "getPageFile",
  group: "Pages",
  summary: "A file that a page names",
  params: z.object({ file: z.string().describe("Its name, which changes with its content") }),
  success: { status: 200, what: "A script or a style sheet", type: "*/*" },
  failures: { 404: "The page has no such file" },
  run: ({ assets }) => async ({ c, params: { file } }) => sendFile(c, await assets.find(file)),
});

/** `GET /_lb/openapi.json` */
export const getDescription: Operation = jsonCall({
  id: "getDescription",
  group: "Pages",
  summary: "This description, for programs",
  what: "An OpenAPI 3.1 document",
  answer: z.looseObject({ openapi: z.string() }).meta({ id: "OpenApi" }),
  run: ({ description }) => async () => ({ ...await description() }),
});

/** `GET /_lb/docs` */
export const getDocs: Operation = otherCall({
  id: "getDocs",
  group: "Pages",
  summary: "This description, for people",
  success: { status: 200, what: "A page that loads nothing from elsewhere", type: HTML },
  run: ({ assets, description }) => {
    const page = once(async () => assets.fill("docs.html", `${await docs(await description())}`));
    return async ({ c }) => sendPage(c, await page());
  },
});
