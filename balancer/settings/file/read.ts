/**
 * Reads a configuration file: YAML with the settings in groups.
 *
 * @module
 */
import { LineCounter, parseDocument } from "yaml";
import { OUTSIDE_FILES } from "../config_groups.ts";
import type { Setting } from "../setting.ts";
import { type SettingName, SETTINGS } from "../settings.ts";
import {
  adviceAbout,
  DEFAULT_SERVICE,
  type Fields,
  PROCESS,
  SERVICE,
  settingPaths,
} from "./names.ts";
import {
  type ConfigFile,
  type FileRoute,
  type FileValue,
  placeText,
  type Position,
} from "../config_file.ts";
import { type Entry, Nodes } from "./node.ts";
import { readRoutes } from "./routes.ts";
import { readValue } from "./value.ts";

/** Most characters of a file: far above what all settings need. */
const LONGEST = 1_000_000;

/** Form of a service's name. */
const SERVICE_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads a configuration file. Every value is checked by the schema of its setting.
 *
 * @param text the file's content
 * @param name the path of the file, for messages
 */
export function readConfigFile(text: string, name: string): ConfigFile {
  return new FileReader(text, name).read();
}

class FileReader {
  readonly #name: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #values = new Map<SettingName, FileValue>();
  readonly #faults: { at: Position; message: string }[] = [];
  #nodes!: Nodes;
  #routes: FileRoute[] = [];
  #service = DEFAULT_SERVICE;

  constructor(text: string, name: string) {
    this.#name = name;
    this.#text = text;
  }

  read(): ConfigFile {
    if (this.#text.length > LONGEST) {
      const message = `must be at most ${LONGEST} characters; got ${this.#text.length}`;
      this.#faults.push({ at: { line: 1, column: 1 }, message });
    } else this.#parse();
    return {
      name: this.#name,
      service: this.#service,
      values: this.#values,
      routes: this.#routes,
      faults: this.#faults
        .sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
        .map(({ at, message }) => `${placeText(this.#name, at)}: ${message}`),
    };
  }

  #parse(): void {
    const options = { lineCounter: this.#lines, prettyErrors: false };
    const document = parseDocument(this.#text, options);
    this.#nodes = new Nodes(document, this.#lines);
    const problems = [...document.errors, ...document.warnings];
    for (const { pos, message } of problems) {
      this.#faults.push({ at: this.#nodes.at(pos[0]), message: `not valid YAML: ${message}` });
    }
    // After a fault of syntax the rest of the document may mean anything.
    if (document.errors.some(({ code }) => code !== "DUPLICATE_KEY")) return;
    this.#readRoot(document.contents);
  }

  #readRoot(root: unknown): void {
    if (this.#nodes.isNothing(root)) return;
    const entries = this.#entries(root, "", "a map of groups");
    const services = entries.find(({ key }) => key === "services");
    if (services) this.#nameService(services);
    for (const entry of entries) {
      const fields = own(PROCESS, entry.key);
      if (fields) this.#readGroup(entry, entry.key, fields);
      else if (entry.key !== "services") {
        this.#unknown(entry, "", [...Object.keys(PROCESS), "services"]);
      }
    }
    if (services) this.#readServices(services);
  }

  /** Faults about other parts of the file name the service. */
  #nameService({ value }: Entry): void {
    const [first] = this.#nodes.entries(value) ?? [];
    if (first && SERVICE_NAME.test(first.key)) this.#service = first.key;
  }

  #readServices({ value }: Entry): void {
    if (this.#nodes.isNothing(value)) return;
    const services = this.#entries(value, "services", "a map of services");
    const [first, second] = services;
    if (second) {
      const names = services.map(({ key }) => key).join(", ");
      this.#fault(
        second.keyNode,
        "services",
        `this version takes one service; got ${services.length}: ${names}`,
      );
    }
    if (first) this.#readService(first);
  }

  #readService({ key, keyNode, value }: Entry): void {
    if (!SERVICE_NAME.test(key)) {
      const rule = "must be 1 to 63 lower-case letters, digits or -, beginning and ending with a " +
        "letter or a digit";
      this.#fault(keyNode, "services", `the name of a service ${rule}; got ${JSON.stringify(key)}`);
    }
    if (this.#nodes.isNothing(value)) return;
    const path = `services.${key}`;
    for (const entry of this.#entries(value, path, "a map of groups")) {
      const fields = own(SERVICE, entry.key);
      if (fields) this.#readGroup(entry, `${path}.${entry.key}`, fields);
      else if (entry.key === "routes") this.#readRoutes(entry, path);
      else this.#unknown(entry, path, [...Object.keys(SERVICE), "routes"]);
    }
  }

  #readRoutes({ value }: Entry, service: string): void {
    if (this.#nodes.isNothing(value)) return;
    this.#routes = readRoutes(value, this.#nodes, (node, path, message) => {
      this.#fault(node, `${service}.routes${path}`, message);
    });
  }

  #readGroup({ value }: Entry, path: string, fields: Fields): void {
    if (this.#nodes.isNothing(value)) return;
    for (const entry of this.#entries(value, path, "a map of settings")) {
      const name = own(fields, entry.key);
      if (name) this.#readSetting(entry, path, name);
      else {this.#unknown(
          entry,
          path,
          Object.keys(fields).filter((one) => !isOutside(fields[one]!)),
        );}
    }
  }

  #readSetting({ key, keyNode, value }: Entry, group: string, name: SettingName): void {
    const path = `${group}.${key}`;
    const setting: Setting<unknown> = SETTINGS[name];
    const refusal = refusalOf(name, setting, this.#service);
    if (refusal !== undefined) return this.#fault(keyNode, path, refusal);
    const read = readValue(value, setting, this.#nodes);
    if ("text" in read) {
      const at = this.#nodes.position(keyNode);
      this.#values.set(name, { text: read.text, path, at });
      return;
    }
    for (const fault of read.faults) {
      const node = fault.node ?? keyNode;
      this.#fault(node, [path, ...fault.path.map(String)].join("."), fault.message);
    }
  }

  /** Reports a fault and returns nothing if the node is no map. */
  #entries(node: unknown, path: string, rule: string): Entry[] {
    const entries = this.#nodes.entries(node);
    if (!entries) this.#fault(node, path, `must be ${rule}; got ${this.#nodes.describe(node)}`);
    return entries ?? [];
  }

  #unknown({ key, keyNode }: Entry, path: string, known: readonly string[]): void {
    const full = path === "" ? key : `${path}.${key}`;
    this.#fault(keyNode, full, adviceAbout(key, known, this.#service));
  }

  #fault(node: unknown, path: string, message: string): void {
    const text = path === "" ? message : `${path}: ${message}`;
    this.#faults.push({ at: this.#nodes.position(node), message: text });
  }
}

/** Why a setting may not stand in a file; undefined if it may. */
function refusalOf(
  name: SettingName,
  { asFile }: Setting<unknown>,
  service: string,
): string | undefined {
  if (isOutside(name)) return `may not stand in the file: ${OUTSIDE_FILES[name]}`;
  if (asFile === undefined) return undefined;
  const path = settingPaths(service).get(asFile as SettingName);
  return `is a secret, which may not stand in the file; ${path} names a file that holds it`;
}

function isOutside(name: SettingName): name is keyof typeof OUTSIDE_FILES {
  return name in OUTSIDE_FILES;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
