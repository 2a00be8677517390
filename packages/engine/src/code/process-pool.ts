import { type CodeProcess, type CodeProcessOptions, openCodeProcess } from "./code-process.ts";
import type { FromChild } from "./protocol.ts";

/** A process of the pool and the runs in it. */
export interface Member<Run> {
  process: CodeProcess;
  runs: Map<number, Run>;
  /** Runs that it was told to end and has not said to have ended. */
  stopping: Map<number, NodeJS.Timeout>;
  threads: number;
  /** How many of its threads have been with one run for long. */
  busy: number;
  /** Held for one run alone. */
  isReserved: boolean;
  idleTimer?: NodeJS.Timeout;
}

export interface ProcessPoolOptions<Run> {
  processes: number;
  maxProcesses: number;
  maxRunsPerProcess: number;
  child: Pick<CodeProcessOptions, "childFile" | "settings">;
  onFrame(member: Member<Run>, header: FromChild, payload: string): void;
  /** A process is gone, with these runs in it. */
  onLoss(member: Member<Run>, detail: string): void;
}

const spareIdleMs = 60_000;

/** Processes, started when needed; those beyond `processes` only while the others are held up. */
export function openProcessPool<Run>(options: ProcessPoolOptions<Run>) {
  const { processes, maxProcesses, maxRunsPerProcess } = options;
  const members: Member<Run>[] = [];

  function add(): Member<Run> {
    const member: Member<Run> = {
      runs: new Map(),
      stopping: new Map(),
      threads: 2,
      busy: 0,
      isReserved: false,
      process: openCodeProcess({
        ...options.child,
        onFrame: (header, payload) => options.onFrame(member, header, payload),
        onClose(detail) {
          members.splice(members.indexOf(member), 1);
          clearTimeout(member.idleTimer);
          for (const timer of member.stopping.values()) clearTimeout(timer);
          member.stopping.clear();
          options.onLoss(member, detail);
        },
      }),
    };
    members.push(member);
    return member;
  }

  function best(): Member<Run> | undefined {
    const free = members.filter(
      (member) =>
        !member.isReserved && load(member) < maxRunsPerProcess && member.busy < member.threads,
    );
    return free.reduce<Member<Run> | undefined>((a, b) => {
      if (!a || b.busy < a.busy) return b;
      return b.busy === a.busy && load(b) < load(a) ? b : a;
    }, undefined);
  }

  return {
    /** The one for another run; undefined when all are taken. */
    find(): Member<Run> | undefined {
      const member = best();
      const isGood = member && member.busy === 0;
      if (isGood && (load(member) === 0 || members.length >= processes)) return member;
      return members.length < (isGood ? processes : maxProcesses) ? add() : member;
    },

    /** One for a run alone; when all are at work, the least loaded takes no more until it is empty. */
    findEmpty(): Member<Run> | undefined {
      const empty = members.find((member) => load(member) === 0);
      if (empty) return empty;
      if (members.length < maxProcesses) return add();
      if (!members.some((member) => member.isReserved)) {
        members.reduce((a, b) => (load(b) < load(a) ? b : a)).isReserved = true;
      }
      return undefined;
    },

    enter(member: Member<Run>, id: number, run: Run): void {
      clearTimeout(member.idleTimer);
      member.runs.set(id, run);
    },

    /** To be called when a run has left a member or stopped in it. */
    left(member: Member<Run>): void {
      if (load(member) > 0) return;
      member.isReserved = false;
      if (members.length <= processes) return;
      clearTimeout(member.idleTimer);
      member.idleTimer = setTimeout(() => member.process.kill(), spareIdleMs).unref();
    },

    runs: (): Run[] => members.flatMap((member) => [...member.runs.values()]),

    async close(): Promise<void> {
      await Promise.all(members.map((member) => member.process.close()));
    },
  };
}

function load(member: Member<unknown>): number {
  return member.runs.size + member.stopping.size;
}
