/**
 * Compares the settings in force with those of a configuration file that was read again. Pure.
 *
 * @module
 */
import type { ChangedSetting, Reloaded } from "../answers/settings.ts";
import { type ConfigFile, placeText } from "./config_file.ts";
import { shownText } from "./describe.ts";
import type { Origin } from "./origin.ts";
import { restartReason } from "./reload_rules.ts";
import { type RouteConfig, routeText, sortedRoutes } from "./routes.ts";
import type { SettingName } from "./settings.ts";

type Origins = ReadonlyMap<SettingName, Origin>;

/** The effects of a reload. */
interface ReloadPlan {
  /** The texts that will be in force: those of the file, and the present ones that need a restart. */
  readonly origins: Origins;
  readonly report: Reloaded;
}

/**
 * Plans a reload.
 *
 * @param before the texts in force
 * @param routes the routes in force
 * @param after the texts that the file and the environment give now
 * @param file the file
 */
export function planReload(
  before: Origins,
  routes: readonly RouteConfig[],
  after: Origins,
  file: ConfigFile,
): ReloadPlan {
  const origins = new Map(after);
  const changed: ChangedSetting[] = [];
  const restart: Reloaded["restart"][number][] = [];
  for (const [name, old] of before) {
    const now = after.get(name)!;
    if (old.text === now.text) continue;
    const change = changeOf(name, old, now, file);
    const reason = restartReason(name);
    if (reason === undefined) changed.push(change);
    else {
      restart.push({ ...change, reason });
      origins.set(name, old);
    }
  }
  const [from, to] = [routesText(routes), routesText(sortedRoutes(file.routes))];
  if (from !== to) changed.push({ name: "routes", at: routesPlace(file), from, to });
  return { origins, report: { file: file.name, changed, restart } };
}

function changeOf(name: SettingName, old: Origin, now: Origin, file: ConfigFile): ChangedSetting {
  return {
    name,
    at: now.value ? placeText(file.name, now.value.at) : null,
    from: shownText(name, old.text),
    to: shownText(name, now.text),
  };
}

function routesPlace({ name, routes: [first] }: ConfigFile): string | null {
  return first ? placeText(name, first.at) : null;
}

/** The routes as one line of JSON, so that equal routes have equal texts. */
function routesText(routes: readonly RouteConfig[]): string {
  const texts = routes.map((route) => [routeText(route), route.rules]);
  return texts.length === 0 ? "" : JSON.stringify(Object.fromEntries(texts));
}
