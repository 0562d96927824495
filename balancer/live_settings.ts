/**
 * The settings in force of a running balancer.
 *
 * @module
 */
import type { SettingsInForce } from "./answers/settings.ts";
import type { Config, SettingsReading } from "./config.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { Log } from "./log/log.ts";
import type { DataPlaneWorkers } from "./proxy/worker/pool.ts";
import { describeSettings } from "./settings/describe.ts";
import type { ConfigFile } from "./settings/config_file.ts";
import type { SettingName } from "./settings/settings.ts";
import { sameUpstreams, upstreamsText } from "./upstream_list.ts";

/** The parts of the balancer whose state calls of the API change. */
interface LiveParts {
  readonly fleet: Fleet;
  readonly log: Log;
  readonly dataPlane: DataPlaneWorkers;
}

/** The settings that a balancer was started with. */
export interface GivenSettings extends SettingsReading {
  /** The environment, which is fixed. */
  readonly env: Readonly<Record<string, string>>;
  /** The configuration file, as it was read. */
  readonly file?: ConfigFile | undefined;
}

/** Holds the settings in force. */
export class LiveSettings {
  readonly #parts: LiveParts;
  #given: GivenSettings;

  /**
   * @param given the settings that the balancer was started with
   * @param parts the parts of the balancer whose state calls of the API change
   */
  constructor(given: GivenSettings, parts: LiveParts) {
    this.#given = given;
    this.#parts = parts;
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#given.config;
  }

  /** Every setting, as `GET /_lb/settings` answers it. */
  list(): SettingsInForce {
    const { file, config, origins } = this.#given;
    return {
      file: file?.name ?? null,
      service: config.service,
      settings: describeSettings(origins, file, this.#changed()),
    };
  }

  /** Settings whose state was changed by a call of the API. */
  #changed(): ReadonlyMap<SettingName, string> {
    const { fleet, log, dataPlane } = this.#parts;
    const { config, origins } = this.#given;
    const { slots, virtualServers, layout, hashes } = fleet.ringSpec.shape;
    const { image = config.replica.image, command = config.replica.command } = fleet.template;
    const now: [SettingName, string][] = [
      ["LB_SLOTS", String(slots)],
      ["LB_VIRTUAL_SERVERS", String(virtualServers)],
      ["LB_LAYOUT", layout],
      ["LB_HASHES", hashes],
      ["LB_LOG_LEVEL", log.level],
      ["LB_REPLICA_IMAGE", image],
      ["LB_REPLICA_COMMAND", command],
    ];
    const changed = now.filter(([name, text]) => origins.get(name)?.text !== text);
    if (config.log.access !== dataPlane.accessLogging) {
      changed.push(["LB_ACCESS_LOG", String(dataPlane.accessLogging)]);
    }
    const { upstreams } = fleet;
    if (upstreams.length > 0 && !sameUpstreams(upstreams, config.fleet.upstreams)) {
      changed.push(["LB_UPSTREAMS", upstreamsText(upstreams)]);
    }
    return new Map(changed);
  }
}
