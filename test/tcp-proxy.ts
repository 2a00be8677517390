import { createConnection, createServer, type Socket } from "node:net";

export interface TcpProxy {
  url: string;
  /** Breaks all connections and takes no new ones. */
  cut(): void;
  /** Holds back everything, in both directions, as a network that lost its way. */
  freeze(): void;
  /** Loses the connections that there are without closing them; new ones work. */
  strand(): void;
  /** Lets commands through and holds back what is answered. */
  muteReplies(): void;
  /** Lets everything through again. */
  restore(): void;
  close(): Promise<void>;
}

/** Stands before a server of the tests, so that one client may lose it while others do not. */
export async function openTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<{ client: Socket; upstream: Socket }>();
  const stranded: { client: Socket; upstream: Socket }[] = [];
  let mode: "open" | "cut" | "frozen" | "mute" = "open";

  const apply = ({ client, upstream }: { client: Socket; upstream: Socket }) => {
    if (mode === "cut") {
      client.destroy();
      upstream.destroy();
      return;
    }
    if (mode === "frozen") client.pause();
    else client.resume();
    if (mode === "open") upstream.resume();
    else upstream.pause();
  };
  const server = createServer((client) => {
    const upstream = createConnection({ host: hostname, port: Number(port) });
    const pair = { client, upstream };
    pairs.add(pair);
    const end = () => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    client.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk) => client.write(chunk));
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    apply(pair);
  });
  const listen = () =>
    new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
  const set = (next: typeof mode) => {
    mode = next;
    for (const pair of pairs) apply(pair);
  };
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(await listen());
  return {
    url: url.toString(),
    cut: () => set("cut"),
    freeze: () => set("frozen"),
    strand() {
      for (const { client, upstream } of pairs) {
        client.pause();
        upstream.pause();
      }
      stranded.push(...pairs);
      pairs.clear();
    },
    muteReplies: () => set("mute"),
    restore: () => set("open"),
    close() {
      for (const pair of stranded) pairs.add(pair);
      set("cut");
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
