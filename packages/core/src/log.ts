import pino from "pino";

export type Log = pino.Logger;

const secretPaths = [
  "authorization",
  "password",
  "apiKey",
  "credential",
  "headers.authorization",
  "*.password",
];

/** JSON lines on stderr; stdout is for what a command answers. */
export function openLog(level: string, process: string): Log {
  return pino(
    {
      level,
      base: { process },
      redact: { paths: secretPaths, censor: "(hidden)" },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ fd: 2, sync: false }),
  );
}
