import { connect } from "node:net";

/**
 * Says one command to a Redis on this machine and resolves with the first line of its answer, or with
 * undefined when nobody answers. Enough to see that it is up and ours; the work goes through core.
 */
export function askRedis(
  port: number,
  password: string,
  command: string,
  timeoutMs = 1000,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let text = "";
    const finish = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.once("close", () => resolve(undefined));
    socket.once("connect", () => socket.write(`AUTH ${password}\r\n${command}\r\n`));
    socket.on("data", (chunk) => {
      text += chunk;
      const [auth, answer, more] = text.split("\r\n");
      if (auth?.startsWith("-")) finish(undefined);
      else if (more !== undefined) finish(answer);
    });
  });
}
