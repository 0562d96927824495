import { assertEquals } from "@std/assert";
import { sortedRoutes } from "../../settings/routes.ts";
import { RequestHead } from "../http1/request_head.ts";
import { NO_RULES } from "../rules.ts";
import { RouteTable } from "./route_table.ts";

/** A table with a route for each text `HOST/PATH`. */
function tableOf(...routes: readonly string[]): RouteTable {
  const given = routes.map((text) => {
    const at = text.indexOf("/");
    return {
      host: at < 0 ? text : text.slice(0, at),
      path: at < 0 ? "" : text.slice(at).replace(/\/$/, ""),
    };
  });
  const settings = sortedRoutes(given).map(({ host, path }) => ({
    host,
    path,
    rules: { ...NO_RULES, route: path === "" ? `${host}/` : host + path },
  }));
  return new RouteTable(NO_RULES, settings);
}

Deno.test("a path matches in whole segments, and the longest match counts", () => {
  const table = tableOf("/api", "/api/v1", "/a");
  const route = (path: string) => table.find(path, "").route;
  assertEquals(["/api", "/api/", "/api/x"].map(route), ["/api", "/api", "/api"]);
  assertEquals(["/api/v1", "/api/v1/x", "/api/v12"].map(route), ["/api/v1", "/api/v1", "/api"]);
  assertEquals(["/apix", "/", "/ap", "/A", "*", "//api"].map(route), ["", "", "", "", "", ""]);
});

Deno.test("an exact host comes before a wildcard of one level, and that before no host", () => {
  const table = tableOf("/", "*.example.com/", "a.example.com/", "*.b.example.com/", "/long/path");
  const route = (host: string) => table.find("/long/path", host).route;
  assertEquals(route("a.example.com"), "a.example.com/");
  assertEquals(route("A.Example.COM:8080"), "a.example.com/");
  assertEquals(route("c.example.com."), "*.example.com/");
  assertEquals(route("x.b.example.com"), "*.b.example.com/");
  for (const host of ["", "example.com", ".example.com", "x.y.example.com", "[::1]:80"]) {
    assertEquals(route(host), "/long/path", host);
  }
});

Deno.test("an IPv6 host is compared with its brackets and without its port", () => {
  const table = tableOf("[::1]/");
  assertEquals(table.find("/", "[::1]:80").route, "[::1]/");
  assertEquals(table.find("/", "[::1]").route, "[::1]/");
  assertEquals(table.find("/", "[::2]").route, "");
});

Deno.test("a parsed head is matched by its bytes, and a table without routes compares nothing", () => {
  const bytes = new TextEncoder().encode("GET /api?x=/b HTTP/1.1\r\nHost: Shop.example:81\r\n\r\n");
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  assertEquals(tableOf("shop.example/api", "/b").of(head, bytes).route, "shop.example/api");
  assertEquals(tableOf().of(head, bytes), NO_RULES);
});
