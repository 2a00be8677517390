import type { ModelSetting } from "../model.ts";

// What an author left empty is `""` or null in an export; either is unset.

export function textInput(setting: ModelSetting, name: string): string | undefined {
  const value = setting.inputs[name];
  if (value === null || value === undefined) return undefined;
  return String(value).trim() || undefined;
}

export function numberInput(setting: ModelSetting, name: string): number | undefined {
  const text = textInput(setting, name);
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

export function flagInput(setting: ModelSetting, name: string, unset = false): boolean {
  const text = textInput(setting, name);
  return text === undefined ? unset : text === "true";
}

/** A field of the credential; an input of the same name goes before it. */
export const credentialField = (setting: ModelSetting, name: string): string | undefined =>
  textInput(setting, name) ?? (setting.credential[name]?.trim() || undefined);

/** A comma list. */
export const listInput = (setting: ModelSetting, name: string): string[] | undefined =>
  textInput(setting, name)
    ?.split(",")
    .map((item) => item.trim())
    .filter(Boolean);

/** Headers as JSON text or object, e.g. Flowise's `baseOptions`. */
export function headersInput(setting: ModelSetting, name: string): Record<string, string> {
  const value = setting.inputs[name];
  const object: unknown = typeof value === "string" && value.trim() ? JSON.parse(value) : value;
  if (!object || typeof object !== "object") return {};
  return Object.fromEntries(Object.entries(object).map(([key, each]) => [key, String(each)]));
}

/** The first base URL that is set, without a slash at its end. */
export const baseUrl = (...candidates: (string | undefined)[]): string =>
  (candidates.find(Boolean) ?? "").replace(/\/+$/, "");
