import { createConnection, createServer, type Socket } from "node:net";

export interface Cuttable {
  port: number;
  /** Breaks all connections and takes none until `restore`; returns how many it broke. */
  cut(): number;
  restore(): void;
  close(): Promise<void>;
}

/** A way to a server on this machine that can be cut. */
export async function openCuttable(target: number): Promise<Cuttable> {
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((client) => {
    if (!open) return client.destroy();
    const upstream = createConnection({ host: "127.0.0.1", port: target });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const cut = () => {
    open = false;
    const broken = Math.ceil(sockets.size / 2);
    for (const socket of sockets) socket.destroy();
    return broken;
  };
  return {
    port: typeof address === "object" && address ? address.port : 0,
    cut,
    restore: () => {
      open = true;
    },
    close() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
