/**
 * Reads the routes of a configuration file.
 *
 * @module
 */
import type { FileRoute } from "../config_file.ts";
import {
  fieldAdvice,
  type GivenRules,
  HOST_RULE,
  MOST_ROUTES,
  parseRule,
  PATH_RULE,
  pathPrefix,
  ROUTE_RULES,
  routeHost,
  routeText,
} from "../routes.ts";
import type { Entry, Nodes } from "./node.ts";

/** Reports a fault of a node; the path is inside `routes`. */
type OnFault = (node: unknown, path: string, message: string) => void;

/**
 * Reads routes.
 *
 * @param node the node of the list
 * @param nodes reads nodes
 * @param onFault receives each fault
 */
export function readRoutes(node: unknown, nodes: Nodes, onFault: OnFault): FileRoute[] {
  const items = nodes.items(node);
  if (!items) {
    onFault(node, "", `must be a list of routes; got ${nodes.describe(node)}`);
    return [];
  }
  if (items.length > MOST_ROUTES) {
    onFault(node, "", `must be at most ${MOST_ROUTES} routes; got ${items.length}`);
    return [];
  }
  const routes: FileRoute[] = [];
  items.forEach((item, at) => {
    const route = readRoute(
      item,
      nodes,
      (one, path, message) => onFault(one, `.${at}${path}`, message),
    );
    if (!route) return;
    const twin = routes.find(({ path, host }) => path === route.path && host === route.host);
    if (twin) {
      const first = `line ${twin.at.line} has a route of the same requests`;
      onFault(item, `.${at}`, `${routeText(route)}: unreachable, since ${first}`);
    } else routes.push(route);
  });
  return routes;
}

function readRoute(item: unknown, nodes: Nodes, onFault: OnFault): FileRoute | undefined {
  const entries = nodes.entries(item);
  if (!entries) {
    onFault(item, "", `must be a map of a route; got ${nodes.describe(item)}`);
    return undefined;
  }
  const place = { path: "", host: "" };
  const rules: Record<string, unknown> = {};
  let right = true;
  const wrong: OnFault = (node, path, message) => {
    right = false;
    onFault(node, path, message);
  };
  for (const entry of entries) readField(entry, place, rules, nodes, wrong);
  const given = entries.map(({ key }) => key);
  if (!given.includes("path") && !given.includes("host")) {
    wrong(item, "", "must have a path, a host or both");
  } else if (right && Object.keys(rules).length === 0) {
    const names = Object.keys(ROUTE_RULES).join(", ");
    wrong(item, "", `${routeText(place)}: must have a rule: one of ${names}`);
  }
  return right ? { ...place, rules: rules as GivenRules, at: nodes.position(item) } : undefined;
}

function readField(
  { key, keyNode, value }: Entry,
  place: { path: string; host: string },
  rules: Record<string, unknown>,
  nodes: Nodes,
  wrong: OnFault,
): void {
  const text = nodes.text(value) ?? "";
  const got = `got ${nodes.describe(value)}`;
  if (key === "path" || key === "host") {
    const read = key === "path" ? pathPrefix(text) : routeHost(text);
    if (read !== undefined) place[key] = read;
    else wrong(value, `.${key}`, `${key === "path" ? PATH_RULE : HOST_RULE}; ${got}`);
  } else if (Object.hasOwn(ROUTE_RULES, key)) {
    const read = parseRule(key as keyof GivenRules, text);
    if ("value" in read) rules[key] = read.value;
    else wrong(value, `.${key}`, `must be ${read.expects}; ${got}`);
  } else wrong(keyNode, `.${key}`, fieldAdvice(key));
}
