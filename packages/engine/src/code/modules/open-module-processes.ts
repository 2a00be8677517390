import type { CodeRequest, CodeRunner } from "../../code.ts";
import { type AddressPolicySetting, addressPolicy } from "../../http/address-policy.ts";
import { checkedLookup } from "../../http/checked-lookup.ts";
import { denied } from "../../http/fetch-error.ts";
import { codeError, codeValue } from "../code-value.ts";
import { abortReason, globalsText, undefinedNames } from "../open-code-runner.ts";
import { maxValueLength } from "../protocol.ts";
import { startModuleProcess } from "./module-process.ts";
import { findPackage, missingPackage, packageFolders } from "./package-folders.ts";
import { requiredModules } from "./required-modules.ts";

export interface ModuleProcessesOptions {
  /** npm packages that code may require (TOOL_FUNCTION_EXTERNAL_DEP). */
  packages: string[];
  /** Node's own modules that it may require besides the usual ones (TOOL_FUNCTION_BUILTIN_DEP). */
  builtins: string[];
  /** Where connections may go. */
  outbound: AddressPolicySetting;
  /** Where packages are looked for; the process's working directory unless given. */
  folder?: string;
  /** How many runs at a time; further ones wait. Default 4. */
  maxModuleProcesses?: number;
  /** Wall clock of a run, waiting included. Default 300000. */
  timeoutMs?: number;
  /** The child's entry file, for bundles. */
  moduleChildFile?: URL;
  /** JavaScript's heap in one process. Default 256. */
  moduleMemoryLimitMb?: number;
}

interface Run {
  request: CodeRequest;
  start(): void;
  end(error: unknown): void;
}

const maxWaiting = 2_000;

/** Runs code that requires packages, each run in a process of its own that ends with it. */
export function openModuleProcesses(options: ModuleProcessesOptions): CodeRunner {
  const { packages, builtins, folder = process.cwd(), timeoutMs = 300_000 } = options;
  const { maxModuleProcesses = 4, moduleMemoryLimitMb = 256 } = options;
  const { moduleChildFile = new URL("./child.ts", import.meta.url) } = options;
  const policy = addressPolicy(options.outbound);
  const resolved = checkedLookup(policy, { ttlMs: 5_000, maxEntries: 1_000 });
  const lookup: typeof resolved = (host, wanted, done) =>
    policy.deniesHost(host) ? done(denied(host), "") : resolved(host, wanted, done);
  const settings = { folder, packages, builtins, maxValueLength };
  const waiting: Run[] = [];
  const runs = new Set<Run>();
  const gone = new Set<Promise<void>>();
  let working = 0;
  let closed = false;
  let folders: string[] | undefined;

  function readable(code: string): string[] {
    const missing = (name: string) => !findPackage(name, folder);
    const needed = requiredModules(code).filter((name) => packages.includes(name));
    const absent = needed.find(missing);
    if (absent) throw missingPackage(absent);
    if (folders) return folders;
    const found = packageFolders(packages, folder);
    // One that is installed later is then found without a restart.
    if (!packages.some(missing)) folders = found;
    return found;
  }

  function pump(): void {
    while (working < maxModuleProcesses && waiting.length > 0) waiting.shift()!.start();
  }

  return {
    run: (request) =>
      new Promise((resolve, reject) => {
        const { signal, code } = request;
        if (signal?.aborted) throw abortReason(signal);
        if (closed) throw codeError("The code runner is closed");
        if (waiting.length >= maxWaiting) throw codeError("Too many code runs are waiting");
        const globals = globalsText(request.globals);
        if (globals.length > maxValueLength)
          throw codeError(
            `The values given to the code are ${globals.length} characters long; at most ${maxValueLength} are taken`,
          );
        const allowed = readable(code);
        const limitMs = request.timeoutMs ?? timeoutMs;
        let child: { kill(): void } | undefined;

        const settle = (tell: () => void) => {
          if (!runs.delete(run)) return;
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
          if (waiting.includes(run)) waiting.splice(waiting.indexOf(run), 1);
          child?.kill();
          try {
            tell();
          } catch (error) {
            reject(error);
          }
        };
        const run: Run = {
          request,
          end: (error) => settle(() => reject(error)),
          start() {
            working++;
            const closing = Promise.withResolvers<void>();
            gone.add(closing.promise);
            child = startModuleProcess({
              childFile: moduleChildFile,
              folders: allowed,
              memoryLimitMb: moduleMemoryLimitMb,
              lookup,
              run: {
                kind: "run",
                code,
                globals,
                undefinedNames: undefinedNames(request.globals),
                settings,
              },
              onOutcome: (outcome) => settle(() => resolve(codeValue(outcome))),
              onClose(detail) {
                working--;
                gone.delete(closing.promise);
                closing.resolve();
                run.end(ended(detail, moduleMemoryLimitMb));
                pump();
              },
            });
          },
        };
        const onAbort = () => run.end(abortReason(signal!));
        const timer = setTimeout(
          () => run.end(codeError(`Script execution timed out after ${limitMs}ms`)),
          limitMs,
        );
        signal?.addEventListener("abort", onAbort, { once: true });
        runs.add(run);
        waiting.push(run);
        pump();
      }),
    async close() {
      closed = true;
      for (const run of [...runs]) run.end(codeError("The code runner is closed"));
      await Promise.all(gone);
    },
  };
}

function ended(detail: string, memoryLimitMb: number): Error {
  return detail.includes("heap out of memory")
    ? codeError(`The code ran out of memory; it may use ${memoryLimitMb} MB`)
    : codeError("The process running the code ended unexpectedly", { cause: detail });
}
