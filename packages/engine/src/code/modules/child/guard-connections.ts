import dgram from "node:dgram";
import type { LookupAddress } from "node:dns";
import net, { type Socket } from "node:net";

type Done = (error: Error | null, addresses?: LookupAddress[] | string, family?: number) => void;

/**
 * Sends every connection of this process through `ask`, which answers with checked addresses. To be called before any package is loaded; TLS and fetch connect through the same socket.
 */
export function guardConnections(ask: (host: string) => Promise<LookupAddress[]>): void {
  const connect = net.Socket.prototype.connect as (...args: unknown[]) => Socket;
  const refuse = (what: string) => (): never => {
    throw Object.assign(new Error(`Code may not ${what}`), { code: "EACCES" });
  };

  const read = (args: unknown[]): [options: Record<string, unknown>, rest: unknown[]] => {
    const [first, second] = args;
    if (Array.isArray(first)) return [first[0], typeof first[1] === "function" ? [first[1]] : []];
    const rest = args.filter((arg) => typeof arg === "function");
    if (typeof first === "object" && first !== null) return [{ ...first }, rest];
    if (typeof first === "string" && Number.isNaN(Number(first))) return [{ path: first }, rest];
    return [{ port: first, ...(typeof second === "string" && { host: second }) }, rest];
  };

  net.Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const [options, rest] = read(args);
    if (options.path) refuse("connect to local sockets")();
    const host = String(options.host || "localhost");
    const lookup = (_: string, wanted: { all?: boolean; family?: unknown }, done: Done) => {
      ask(host).then((found) => {
        const family = wanted.family === 4 || wanted.family === 6 ? wanted.family : 0;
        const usable = found.filter((each) => !family || each.family === family);
        const first = usable[0];
        if (!first) done(Object.assign(new Error(`${host} has no address`), { code: "ENOTFOUND" }));
        else if (wanted.all) done(null, usable);
        else done(null, first.address, first.family);
      }, done);
    };
    // A name, also in place of an address: sockets look up only names.
    return connect.call(this, { ...options, host: "checked.invalid", lookup }, ...rest);
  } as typeof net.Socket.prototype.connect;
  net.Server.prototype.listen = refuse("listen for connections");
  dgram.Socket.prototype.bind = refuse("use UDP");
  dgram.Socket.prototype.connect = refuse("use UDP");
  dgram.Socket.prototype.send = refuse("use UDP");

  const { fetch } = globalThis;
  // What fetch says itself is only that it failed.
  globalThis.fetch = (...args) =>
    fetch(...args).catch((error: Error) => {
      throw error.cause instanceof Error ? error.cause : error;
    });
}
