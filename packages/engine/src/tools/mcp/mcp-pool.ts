import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { connectMcp } from "./connect-mcp.ts";
import type { McpServer } from "./mcp.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface McpPoolSetting {
  fetch: typeof fetch;
  connectTimeoutMs: number;
  /** How long a program may take to start, and how long a use may wait for a free place. */
  waitMs: number;
  idleMs: number;
  maxOpen: Record<McpServer["kind"], number>;
}

export interface McpConnection {
  client: Promise<Client>;
  /** It was open before it was taken. */
  isKept: boolean;
  /** Gives it back; `isBroken` keeps others from using it. */
  release(isBroken?: boolean): void;
}

interface Member {
  key: string;
  kind: McpServer["kind"];
  client: Promise<Client>;
  users: number;
  idleTimer?: NodeJS.Timeout;
}

const maxWaiting = 1_000;
const closeWaitMs = 2_000;

/** Open connections by key, with a bound on how many and on how long one stays without use. */
export function openMcpPool(setting: McpPoolSetting) {
  const members = new Map<string, Member>();
  const waiting = new Set<() => void>();
  let isClosed = false;

  function open(server: McpServer, key: string): Member {
    // A program may have to be fetched before it starts.
    const timeoutMs = server.kind === "stdio" ? setting.waitMs : setting.connectTimeoutMs;
    const client = connectMcp(server, { fetch: setting.fetch, timeoutMs });
    const member: Member = { key, kind: server.kind, client, users: 0 };
    members.set(key, member);
    client.then(
      (connected) => {
        connected.onclose = () => forget(member);
      },
      () => forget(member),
    );
    return member;
  }

  function forget(member: Member): void {
    clearTimeout(member.idleTimer);
    if (members.get(member.key) === member) members.delete(member.key);
  }

  async function drop(member: Member): Promise<void> {
    forget(member);
    const client = await member.client.catch(() => undefined);
    const { transport } = client ?? {};
    if (transport && "terminateSession" in transport)
      await (transport.terminateSession as () => Promise<void>)().catch(() => {});
    await client?.close().catch(() => {});
  }

  function release(member: Member, isBroken: boolean): void {
    member.users--;
    if (isBroken) forget(member);
    if (member.users > 0) return;
    for (const wake of waiting) wake();
    if (members.get(member.key) !== member) return void drop(member);
    member.idleTimer = setTimeout(() => void drop(member), setting.idleMs);
    member.idleTimer.unref();
  }

  async function someRelease(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (timeoutMs <= 0 || waiting.size >= maxWaiting)
      throw new Error("Too many servers are in use at a time");
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.add(resolve);
    const timer = setTimeout(resolve, timeoutMs);
    await unlessAborted(promise, signal).finally(() => {
      clearTimeout(timer);
      waiting.delete(resolve);
    });
  }

  return {
    /** Takes the connection of this key, opened if need be; waits where no more may be open. */
    async take(server: McpServer, key: string, signal: AbortSignal): Promise<McpConnection> {
      const until = performance.now() + setting.waitMs;
      for (;;) {
        if (isClosed) throw new Error("The client is closed");
        const kept = members.get(key);
        const alike = [...members.values()].filter(({ kind }) => kind === server.kind);
        if (kept || alike.length < setting.maxOpen[server.kind]) {
          const member = kept ?? open(server, key);
          clearTimeout(member.idleTimer);
          member.users++;
          return {
            client: member.client,
            isKept: kept !== undefined,
            release: (isBroken = false) => release(member, isBroken),
          };
        }
        const idle = alike.find(({ users }) => users === 0);
        if (idle) void drop(idle);
        else await someRelease(until - performance.now(), signal);
      }
    },
    async close(): Promise<void> {
      isClosed = true;
      const closing = Promise.all([...members.values()].map(drop));
      await Promise.race([closing, new Promise((done) => setTimeout(done, closeWaitMs).unref())]);
    },
  };
}
