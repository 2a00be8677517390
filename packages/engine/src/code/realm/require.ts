import type { Realm } from "./realm.ts";

/** `require`: what is offered, and for the rest an error that says what to do. */
export function installRequire(realm: Realm): void {
  const builtins = new Set(
    "async_hooks child_process cluster console constants dgram diagnostics_channel dns domain fs http http2 https inspector module net os perf_hooks process punycode readline repl stream string_decoder sys test tls trace_events tty util v8 vm wasi worker_threads".split(
      " ",
    ),
  );
  const { modules } = realm;
  const offered = Object.keys(modules).sort().join(", ");

  const require = (name: unknown) => {
    const bare = String(name).replace(/^node:/, "");
    if (Object.hasOwn(modules, bare)) return modules[bare];
    const builtin = builtins.has(bare.split("/")[0] as string);
    const setting = builtin ? "TOOL_FUNCTION_BUILTIN_DEP" : "TOOL_FUNCTION_EXTERNAL_DEP";
    const remedy =
      bare === "util" && !realm.extraModules.includes(bare)
        ? `Add it to ${setting}.`
        : `Code runs in an isolate without Node; an operator can name it in ${setting} (docs/code.md). Otherwise use fetch or a node of the flow.`;
    throw Object.assign(
      new Error(`Cannot find module '${name}'. Code can require ${offered}. ${remedy}`),
      {
        code: "MODULE_NOT_FOUND",
      },
    );
  };
  Object.assign(globalThis, { require });
}
