/**
 * The settings in force.
 *
 * @module
 */
import { z } from "zod";
import type { AnswerOf } from "./answer.ts";

const setting = z.object({
  name: z.string().describe("The environment variable"),
  value: z.string().describe("The text in force; (secret) for a secret that is set"),
  from: z.enum(["default", "file", "environment", "api"])
    .describe("Where it comes from; api: a call changed it while the balancer runs"),
  at: z.string().nullable().describe("Its place in the configuration file, FILE:LINE:COLUMN"),
  default: z.string(),
  restart: z.string().nullable()
    .describe("Why a change in the file needs a restart; null: a reload changes it"),
}).meta({ id: "Setting" });

/** The settings in force. */
export const settings = z.object({
  file: z.string().nullable().describe("The configuration file; null without one"),
  service: z.string().describe("The name of the service in the file; default without a file"),
  settings: z.array(setting),
}).meta({ id: "Settings" });

/** `GET /_lb/settings` */
export type SettingsInForce = AnswerOf<typeof settings>;

/** A setting in force. */
export type SettingInForce = AnswerOf<typeof setting>;

const changedSetting = z.object({
  name: z.string().describe("The environment variable; routes for the routes of the file"),
  at: z.string().nullable()
    .describe("Where it stands in the file, FILE:LINE:COLUMN; null if it has its default again"),
  from: z.string().describe("The text that was in force; (secret) for a secret"),
  to: z.string().describe("The text of the file; (secret) for a secret"),
}).meta({ id: "ChangedSetting" });

/** A setting that a reload changed. */
export type ChangedSetting = AnswerOf<typeof changedSetting>;

/** The result of a reload. */
export const reloaded = z.object({
  file: z.string().describe("The configuration file"),
  changed: z.array(changedSetting).describe("Settings that are in force now"),
  restart: z.array(
    changedSetting.extend({ reason: z.string().describe("Why it needs a restart") })
      .meta({ id: "SettingForRestart" }),
  ).describe("Settings that changed in the file and stay as they were until a restart"),
}).meta({ id: "Reloaded" });

/** The message of `POST /_lb/reload`. */
export type Reloaded = AnswerOf<typeof reloaded>;
