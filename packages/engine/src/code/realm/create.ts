import type { Pending, Realm } from "./realm.ts";

/** The realm's own state and its three ways to the host. */
export function createRealm(
  ask: (text: string) => string,
  post: (runId: number, kind: string, id: number, text: string) => void,
  done: (runId: number, outcome: string) => void,
  settings: string,
): Realm {
  const maxPending = 1_000;
  const pending = new Map<number, Pending>();
  let runId = 0;
  let lastId = 0;
  let finished = false;

  const realm: Partial<Realm> & Pick<Realm, "modules" | "hidden"> = {
    ...(JSON.parse(settings) as Pick<Realm, "extraModules" | "memoryLimitMb" | "maxValueLength">),
    modules: Object.create(null) as Record<string, unknown>,
    hidden: [],
    pending,
    ask(...call) {
      const answer = ask(JSON.stringify(call));
      if (answer[0] === "v") return answer.length > 1 ? JSON.parse(answer.slice(1)) : undefined;
      throw new TypeError(answer.slice(1));
    },
    post: (kind, id, text) => post(runId, kind, id, text),
    finish(outcome, ofRun = runId) {
      if (finished || ofRun !== runId) return;
      finished = true;
      done(runId, outcome);
    },
    expect(entry) {
      if (pending.size >= maxPending)
        throw new Error(`More than ${maxPending} timers and requests at once`);
      pending.set(++lastId, entry);
      return lastId;
    },
    errorText(error) {
      try {
        return String(error).slice(0, 10_000);
      } catch {
        return "Error: the code threw something that has no text";
      }
    },
    missing: (module, names) =>
      Object.fromEntries(
        names.map((name) => [
          name,
          () => {
            throw new Error(
              `${module}.${name} does not exist where code is run, and TOOL_FUNCTION_BUILTIN_DEP cannot add it`,
            );
          },
        ]),
      ),
    beginRun(id) {
      runId = id;
      finished = false;
    },
  };
  return realm as Realm;
}
