/**
 * Finds the route of a request that a caller asks about.
 *
 * @module
 */
import { RouteTable } from "../../proxy/routing/route_table.ts";
import type { ProxySettings } from "../../proxy/settings.ts";
import type { Credentials } from "../../proxy/transport/certificate_table.ts";
import { entryOf } from "./entry.ts";
import type { ExplainOptions } from "./explain.ts";

/** The input of explanations: the view, the loads and the settings of the data plane. */
export interface ExplainSources extends Pick<ExplainOptions, "view" | "inFlight"> {
  /** The settings in force. */
  readonly settings: () => ProxySettings;
  /** The certificates in use. */
  readonly credentials: () => Credentials;
}

/**
 * Returns the input of the explanation of one request.
 *
 * @param asked the query: `path` and `host` choose the route
 * @param sources the view, the loads and the settings
 */
export function optionsOf(asked: URLSearchParams, sources: ExplainSources): ExplainOptions {
  const { view, inFlight } = sources;
  const settings = sources.settings();
  const { rules: others, routes, affinity, publicApi, loadBound } = settings;
  const host = asked.get("host") ?? "";
  const [path = ""] = (asked.get("path") ?? "").split("?");
  const rules = new RouteTable(others, routes).find(path, host);
  const { keySource, hold } = rules;
  const route = rules.route === "" ? null : rules.route;
  const entry = entryOf(host, settings, sources.credentials());
  return { view, inFlight, keySource, affinity, publicApi, hold, loadBound, route, entry };
}
