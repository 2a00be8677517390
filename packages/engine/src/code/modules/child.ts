/** The process of one run of code that requires packages. It ends when its parent closes the channel or kills it. */
import type { LookupAddress } from "node:dns";
import { guardConnections } from "./child/guard-connections.ts";
import { makeRequire } from "./child/make-require.ts";
import { runCode } from "./child/run-code.ts";
import type { FromModuleChild, ToModuleChild } from "./protocol.ts";

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
guardConnections(ask);

process.on("message", (message: ToModuleChild) => {
  if (message.kind === "run") {
    const codeRequire = makeRequire(message.settings);
    runCode(message, codeRequire, uncaught.promise).then((outcome) =>
      send({ kind: "done", outcome }),
    );
    return;
  }
  const { id, addresses, message: reason } = message;
  if (addresses) asked.get(id)?.resolve(addresses);
  else asked.get(id)?.reject(Object.assign(new Error(reason), { code: "EACCES" }));
  asked.delete(id);
});
