/**
 * Every setting of the balancer as data: name, default, expected form and purpose. The parser, the
 * error messages and docs/reference/settings.md are all derived from this table.
 *
 * @module
 */
import type { z } from "zod";
import { ACME_SETTINGS } from "./acme_settings.ts";
import { ADMIN_SETTINGS } from "./admin_settings.ts";
import { ENGINE_SETTINGS } from "./engine_settings.ts";
import { FILE_SETTINGS } from "./file_settings.ts";
import { FLEET_SETTINGS } from "./fleet_settings.ts";
import { HEALING_SETTINGS } from "./healing_settings.ts";
import { HTTP2_SETTINGS } from "./http2_settings.ts";
import { LIMIT_SETTINGS } from "./limit_settings.ts";
import { LOG_SETTINGS } from "./log_settings.ts";
import { TLS_SETTINGS } from "./tls_settings.ts";

/** The settings by theme, in the order in which the reference lists them. */
export const SETTING_GROUPS = {
  "Configuration file": FILE_SETTINGS,
  "Ring and routing": FLEET_SETTINGS,
  "Health and healing": HEALING_SETTINGS,
  "Limits and deadlines": LIMIT_SETTINGS,
  "TLS": TLS_SETTINGS,
  "Certificates by ACME": ACME_SETTINGS,
  "HTTP/2": HTTP2_SETTINGS,
  "Access to the API": ADMIN_SETTINGS,
  "Replicas and their engine": ENGINE_SETTINGS,
  "Log": LOG_SETTINGS,
};

/** All settings. */
export const SETTINGS = {
  ...FILE_SETTINGS,
  ...FLEET_SETTINGS,
  ...HEALING_SETTINGS,
  ...LIMIT_SETTINGS,
  ...TLS_SETTINGS,
  ...ACME_SETTINGS,
  ...HTTP2_SETTINGS,
  ...ADMIN_SETTINGS,
  ...ENGINE_SETTINGS,
  ...LOG_SETTINGS,
};

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The parsed value of each setting. */
export type Settings = { readonly [K in SettingName]: z.output<(typeof SETTINGS)[K]["schema"]> };
