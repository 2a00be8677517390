import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { RedisSettings } from "../redis/redis-settings.ts";

const timeoutMs = 5000;

export interface Reached {
  /** Of a TLS connection: who signed, and until when. */
  certificate: { issuer: string; validTo: Date } | undefined;
}

/**
 * Connects as a client of Redis would, says PING and reads one line, so that the reason is still known why that fails.
 * Rejects with the error of the socket, or with what Redis answered.
 */
export function reachRedis(
  settings: RedisSettings,
  { host, port }: { host: string; port: number },
): Promise<Reached> {
  return new Promise((resolve, reject) => {
    const socket: Socket | TLSSocket = settings.tls
      ? connectTls({ ...settings.tls, host, port, ...(isName(host) && { servername: host }) })
      : connectTcp({ host, port });
    let certificate: Reached["certificate"];
    const end = (outcome: () => void) => {
      clearTimeout(timer);
      socket.removeAllListeners("close");
      socket.destroy();
      outcome();
    };
    const fail = (error: Error) => end(() => reject(error));
    let connected = false;
    socket.once("connect", () => {
      connected = true;
    });
    // A Redis without TLS waits for the end of what it takes for a command.
    const late = () => (connected && settings.tls ? "no answer to the TLS handshake" : "timed out");
    const timer = setTimeout(() => fail(new Error(late())), timeoutMs);
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("closed")));
    socket.once(settings.tls ? "secureConnect" : "connect", () => {
      if ("getPeerCertificate" in socket) {
        const { issuer, valid_to } = socket.getPeerCertificate();
        const name = issuer?.O ?? issuer?.CN ?? "unknown";
        certificate = { issuer: String(name), validTo: new Date(valid_to) };
      }
      socket.write("PING\r\n");
    });
    // An error of this kind only says that a password is wanted, which comes next.
    socket.once("data", () => end(() => resolve({ certificate })));
  });
}

const isName = (host: string): boolean => /[a-z]/i.test(host) && !host.includes(":");
