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
