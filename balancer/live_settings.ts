/**
 * The settings in force of a running balancer, and their change by a reload of the configuration
 * file.
 *
 * @module
 */
import type { Reloaded, SettingsInForce } from "./answers/settings.ts";
import {
  type Config,
  ConfigError,
  configOf,
  readSettings,
  type SettingsReading,
} from "./config.ts";
import type { Logger } from "@logtape/logtape";
import type { ConfigFile } from "./settings/config_file.ts";
import { describeSettings } from "./settings/describe.ts";
import { loadConfigFile } from "./settings/file/load.ts";
import { ReloadError } from "./reload_error.ts";
import { planReload } from "./settings/reload_plan.ts";
import type { SettingName } from "./settings/settings.ts";

/** The parts of the balancer that settings reach. */
export interface SettingsTarget {
  /** Texts of settings that calls of the API have changed. */
  readonly changed: (given: SettingsReading) => ReadonlyMap<SettingName, string>;
  /**
   * Puts a configuration in force, in one step or not at all.
   *
   * @throws {Error} nothing was changed
   */
  readonly apply: (before: Config, after: Config) => Promise<void>;
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
  readonly #target: () => SettingsTarget;
  readonly #log: Logger;
  #given: GivenSettings;
  /** The last reload; the next one begins after it. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param given the settings that the balancer was started with
   * @param target returns the parts of the balancer, once they exist
   * @param log takes the results of reloads
   */
  constructor(given: GivenSettings, target: () => SettingsTarget, log: Logger) {
    this.#given = given;
    this.#target = target;
    this.#log = log;
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
      settings: describeSettings(origins, file, this.#target().changed(this.#given)),
    };
  }

  /**
   * Reads the configuration file again, and puts what can change without a restart in force. One
   * reload runs after the other.
   *
   * @throws {ReloadError} there is no file, or it has faults
   * @throws {Error} the new upstreams or tokens cannot be used; nothing was changed
   */
  reload(): Promise<Reloaded> {
    const reload = this.#last.then(() => this.#reload());
    // The caller gets the error.
    this.#last = reload.catch(() => {});
    return reload;
  }

  async #reload(): Promise<Reloaded> {
    const { env, file: old, config: before, origins: present } = this.#given;
    if (!old) {
      throw new ReloadError("no-file", [
        "there is nothing to reload: the balancer was started without a configuration file " +
        "(--config or LB_CONFIG), and the environment is fixed",
      ]);
    }
    const file = await loadConfigFile(old.name);
    const { origins: read } = checked(() => readSettings(env, file));
    const { origins, report } = planReload(present, before.routes, read, file);
    const config = checked(() => configOf(origins, file));
    if (config.service !== before.service) {
      throw new ReloadError("faults", [
        `services: the name of the service is fixed while the balancer runs; got ` +
        `${config.service} instead of ${before.service}`,
      ]);
    }
    await this.#target().apply(before, config);
    this.#given = { env, file, config, origins };
    this.#report(report);
    return report;
  }

  #report({ file, changed, restart }: Reloaded): void {
    const names = (list: readonly { readonly name: string }[]) =>
      list.map(({ name }) => name).join(", ") || "nothing";
    this.#log.info("{file} was read again; changed: {changed}; after a restart: {restart}", {
      file,
      changed: names(changed),
      restart: names(restart),
    });
  }
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) throw new ReloadError("faults", error.faults);
    throw error;
  }
}
