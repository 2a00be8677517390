import { createHash } from "node:crypto";
import { unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { CliError } from "../command.ts";

export const homeHash = (home: string) =>
  createHash("sha256").update(home).digest("hex").slice(0, 12);

/**
 * Holds `home` for this launcher. A listening socket dies with its process, whatever kills it, and
 * unlike a pid cannot be mistaken for another's; it lies in the temporary folder because its path must be short.
 */
export async function lockHome(home: string): Promise<{ release(): Promise<void> }> {
  const path = join(tmpdir(), `sluice-${userInfo().uid}-${homeHash(home)}.sock`);
  let server = await listen(path);
  if (!server && !(await answers(path))) {
    await unlink(path).catch(() => {});
    server = await listen(path);
  }
  if (!server)
    throw new CliError(`another start already uses ${home}`, {
      remedy: "Stop it, or set SLUICE_HOME to another folder to run side by side.",
    });
  const held = server;
  return { release: () => new Promise((resolve) => held.close(() => resolve())) };
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server.unref()));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
