import { z } from "zod";
import type { ModelSetting } from "../model.ts";
import { credentialField, flagInput, numberInput, textInput } from "../models/model-input.ts";
import type { PostgresPlace } from "./postgres-clients.ts";
import { jsonInput } from "./stores/json-input.ts";

const Additional = z.object({
  ssl: z
    .union([
      z.boolean(),
      z.object({ rejectUnauthorized: z.boolean().optional(), ca: z.string().optional() }),
    ])
    .optional(),
});

/** The database that a node of Flowise's names in its inputs and credential, or the operator's where it names no host. */
export function postgresPlace(setting: ModelSetting, defaults?: PostgresPlace): PostgresPlace {
  const host = textInput(setting, "host");
  const database = textInput(setting, "database");
  // Never a host of the author's with a password of the operator's.
  if (!host && defaults) return { ...defaults, ...(database && { database }) };
  if (!host || !database) throw new Error("Postgres: host and database are needed");
  const { ssl } = Additional.parse(jsonInput(setting, "additionalConfig"));
  return {
    host,
    port: numberInput(setting, "port") || 5432,
    database,
    user: credentialField(setting, "user") ?? "",
    password: credentialField(setting, "password") ?? "",
    ssl: ssl ?? flagInput(setting, "ssl"),
  };
}

/** A name may carry its schema in front. */
export function quotedTable(name: string): string {
  const parts = name.split(".");
  if (parts.length > 2 || parts.some((part) => !/^[\p{L}_][\p{L}\p{N}_$-]*$/u.test(part)))
    throw new Error(`Postgres: ${JSON.stringify(name)} is not the name of a table`);
  return parts.map((part) => `"${part}"`).join(".");
}
