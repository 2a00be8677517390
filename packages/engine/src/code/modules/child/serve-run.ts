import type { LookupAddress } from "node:dns";
import type { Outcome } from "../../protocol.ts";
import type { FromModuleChild, ToModuleChild } from "../protocol.ts";
import type { guardConnections } from "./guard-connections.ts";
import type { makeRequire } from "./make-require.ts";
import type { runCode } from "./run-code.ts";

interface Parts {
  guardConnections: typeof guardConnections;
  makeRequire: typeof makeRequire;
  runCode: typeof runCode;
  installAxios: (realm: never) => void;
}

/** The child's side of the channel: one run, and the addresses it asks for. Runs from its source text. */
export function serveRun(require: NodeJS.Require, parts: Parts): void {
  const asked = new Map<number, PromiseWithResolvers<LookupAddress[]>>();
  const sendToParent = process.send!.bind(process);
  const send = (message: FromModuleChild) => void sendToParent(message);
  let lastId = 0;
  delete process.send;

  const ask = (host: string): Promise<LookupAddress[]> => {
    const answer = Promise.withResolvers<LookupAddress[]>();
    asked.set(++lastId, answer);
    send({ kind: "lookup", id: lastId, host });
    return answer.promise;
  };
  const uncaught = Promise.withResolvers<never>();
  uncaught.promise.catch(() => {});
  process.on("uncaughtException", (error) => uncaught.reject(error));
  // As in the isolate: the run's own outcome counts.
  process.on("unhandledRejection", () => {});
  process.on("disconnect", () => process.exit());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  parts.guardConnections(require, ask);

  process.on("message", (message: ToModuleChild) => {
    if (message.kind === "run") {
      const codeRequire = parts.makeRequire(require, message.settings, parts.installAxios);
      parts
        .runCode(message, codeRequire, uncaught.promise)
        .then((outcome: Outcome) => send({ kind: "done", outcome }));
      return;
    }
    const { id, addresses, message: reason } = message;
    if (addresses) asked.get(id)?.resolve(addresses);
    else asked.get(id)?.reject(Object.assign(new Error(reason), { code: "EACCES" }));
    asked.delete(id);
  });
}
