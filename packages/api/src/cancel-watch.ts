import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { Deps } from "./deps.ts";

type Source = Pick<Deps["transport"], "onCancel" | "onCancelChat">;

const chatOf = (flowId: string, chatId: string) => `${flowId} ${chatId}`;
const byId = new WeakMap<object, Map<string, Set<() => void>>>();
const byChat = new WeakMap<object, Map<string, Set<() => void>>>();

/** A waiting prediction that is canceled ends without a worker: whoever follows it has to look. */
export function watchCancel(transport: Source, predictionId: string, look: () => void) {
  const listen = (call: (id: string) => void) => transport.onCancel(call);
  return watch(byId, transport, listen, predictionId, look);
}

/** Hears when a conversation is aborted; what waits in it has to be ended by the process that has its caller. */
export function watchAbort(
  transport: Source,
  { flowId, chatId }: Pick<PredictionJob, "flowId" | "chatId">,
  end: () => void,
) {
  const listen = (call: (chat: string) => void) =>
    transport.onCancelChat((flow, chat) => call(chatOf(flow, chat)));
  return watch(byChat, transport, listen, chatOf(flowId, chatId), end);
}

/** One listener at a transport for all who watch. Returns what ends the watch. */
function watch(
  watches: typeof byId,
  transport: Source,
  listen: (call: (name: string) => void) => void,
  name: string,
  act: () => void,
): () => void {
  let groups = watches.get(transport);
  if (!groups) {
    const created = new Map<string, Set<() => void>>();
    watches.set(transport, created);
    listen((called) => {
      for (const each of [...(created.get(called) ?? [])]) each();
    });
    groups = created;
  }
  const group = groups.get(name) ?? new Set();
  groups.set(name, group.add(act));
  return () => {
    group.delete(act);
    if (group.size === 0 && groups.get(name) === group) groups.delete(name);
  };
}
