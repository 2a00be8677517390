import type { CodeRunner } from "../code.ts";
import {
  type ModuleProcessesOptions,
  openModuleProcesses,
} from "./modules/open-module-processes.ts";
import { beyondIsolate, requiredModules } from "./modules/required-modules.ts";
import { type CodeRunnerOptions, openCodeRunner } from "./open-code-runner.ts";

export type ModuleRunnerOptions = CodeRunnerOptions & ModuleProcessesOptions;

/**
 * Opens the isolate runner and, where packages or built-ins are named that it does not have, beside it processes for
 * the code that requires them. Such code is its author's and the operator's trust: it is guarded, not isolated.
 *
 *     const code = openModuleRunner({ fetch, outbound, packages: ["pg"], builtins: [] });
 */
export function openModuleRunner(options: ModuleRunnerOptions): CodeRunner {
  const packages = beyondIsolate(options.packages);
  const builtins = beyondIsolate(options.builtins);
  const isolates = openCodeRunner({ ...options, extraModules: options.builtins });
  const names = new Set([...packages, ...builtins]);
  if (names.size === 0) return isolates;
  // `util` is the isolate's only where it is named, and then this process's too.
  const processes = openModuleProcesses({
    ...options,
    packages,
    builtins: options.builtins.includes("util") ? [...builtins, "util"] : builtins,
  });
  return {
    run(request) {
      const needsModules = requiredModules(request.code).some((name) => names.has(name));
      return (needsModules ? processes : isolates).run(request);
    },
    async close() {
      await Promise.all([isolates.close(), processes.close()]);
    },
  };
}
