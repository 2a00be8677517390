import { connect, createServer } from "node:net";
import { CliError } from "../command.ts";

/** Whether something can listen there now. */
export const isFree = (port: number, host: string) =>
  listen(port, host).then((got) => got !== undefined);

export async function freePort(host = "127.0.0.1"): Promise<number> {
  const port = await listen(0, host);
  if (port === undefined) throw new CliError(`No free port on ${host}`);
  return port;
}

function listen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}

/** A port that was asked for must be free; a default one may be the next free one. */
export async function choosePort(options: {
  variable: string;
  asked: number | undefined;
  standard: number;
  host: string;
  taken: Set<number>;
  note(line: string): void;
}): Promise<number> {
  const { variable, asked, standard, host, taken } = options;
  if (asked === 0) return 0;
  const first = asked ?? standard;
  for (let port = first; port < Math.min(first + 100, 65536); port += 1) {
    if (!taken.has(port) && (await isFree(port, host))) {
      if (port !== first)
        options.note(`port ${first} is taken: using ${port} (set ${variable} to choose)`);
      taken.add(port);
      return port;
    }
    if (asked !== undefined)
      throw new CliError(`port ${asked} is taken`, {
        remedy: `Stop what listens there, or set ${variable} to another port (0 takes a free one).`,
      });
  }
  throw new CliError(`no free port from ${first} on`, { remedy: `Set ${variable}=0.` });
}

/** Fails early, in one line, where a process would retry for a long time. */
export function checkReachable(
  what: string,
  host: string,
  port: number,
  timeoutMs = 5000,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const fail = (reason: string) => {
      socket.destroy();
      reject(
        new CliError(`${what} at ${host}:${port} cannot be reached (${reason})`, {
          remedy: `Start it, correct its address, or leave it unset: then sluice brings its own.`,
        }),
      );
    };
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => fail("timeout"));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  });
}
