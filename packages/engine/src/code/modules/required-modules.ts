/** What the isolate offers itself; naming one of these in a setting changes nothing. */
const inIsolate = new Set(
  "assert axios buffer crypto events node-fetch path querystring timers url util zlib".split(" "),
);

const requirePattern = /\brequire\s*\(\s*(["'`])([^"'`\n]+)\1\s*\)/g;

/** `pg` of `pg/lib/utils`, `@scope/name` of `@scope/name/part`, `fs` of `node:fs/promises`. */
export function moduleName(specifier: string): string {
  const parts = specifier.replace(/^node:/, "").split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** The modules that code names in its calls of `require`, without duplicates. */
export function requiredModules(code: string): string[] {
  return [
    ...new Set([...code.matchAll(requirePattern)].map((match) => moduleName(match[2] as string))),
  ];
}

/** Those of the names in a setting that the isolate does not have. */
export const beyondIsolate = (names: string[]): string[] =>
  names.map(moduleName).filter((name) => !inIsolate.has(name));
