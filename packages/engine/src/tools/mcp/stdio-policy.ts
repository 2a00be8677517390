import { posix, win32 } from "node:path";
import type { StdioServer } from "./mcp.ts";

/** What may be started as an MCP server on this machine; without one nothing may. */
export interface StdioPolicy {
  /** False lets every author start every program. */
  securityCheck: boolean;
  /** Beside the usual ones. */
  allowedCommands: string[];
  /** Names of environment variables that authors may set. */
  allowedEnvVars: string[];
  /** Absolute paths, files or folders, that arguments may name. */
  allowedScriptPaths: string[];
}

const usualCommands = ["node", "npx", "python", "python3", "docker"];
const shellCharacters = /[;&|`$(){}[\]<>\n\r\0]/;
const maxArgumentLength = 1000;

// Flags that run code of the author's choice, or reach files and devices of the machine.
const dangerousFlags: Record<string, string[]> = {
  node: [
    ...["-e", "--eval", "-p", "--print", "-r", "--require", "--import", "--loader"],
    ...["--experimental-loader", "--inspect", "--inspect-brk", "--env-file"],
  ],
  npx: ["-c", "--call", "--node-options", "--shell-auto-fallback"],
  python: ["-c", "-m"],
  python3: ["-c", "-m"],
  docker: [
    ...[
      "run",
      "exec",
      "build",
      "compose",
      "-v",
      "--volume",
      "--mount",
      "--volumes-from",
      "--privileged",
    ],
    ...["--cap-add", "--device", "--security-opt", "--entrypoint", "--network", "--pid", "--ipc"],
    "--env-file",
  ],
};

/** Throws when an author's server may not be started here. */
export function checkStdioServer(server: StdioServer, policy: StdioPolicy | undefined): void {
  if (!policy)
    throw new Error(
      "MCP servers that are programs are not allowed here: an operator can set CUSTOM_MCP_PROTOCOL=stdio",
    );
  if (!policy.securityCheck || server.isPreset) return;
  const { command, args, env } = server;
  if (![...usualCommands, ...policy.allowedCommands].includes(command))
    throw new Error(`The command ${command} is not allowed: see CUSTOM_MCP_ALLOWED_COMMANDS`);
  for (const arg of args) checkArgument(command, arg, policy.allowedScriptPaths);
  for (const name of Object.keys(env))
    if (!policy.allowedEnvVars.includes(name))
      throw new Error(`The variable ${name} may not be set: see CUSTOM_MCP_ALLOWED_ENV_VARS`);
}

function checkArgument(command: string, arg: string, allowedPaths: string[]): void {
  const refuse = (why: string) => {
    throw new Error(`The argument ${arg.slice(0, 100)} of ${command} is not allowed: ${why}`);
  };
  if (arg.length > maxArgumentLength) refuse("it is too long");
  if (shellCharacters.test(arg)) refuse("it has characters of a shell");
  // Node takes --experimental_loader, too.
  const [name = ""] = arg.split("=");
  const plain = name.replaceAll("_", "-") + arg.slice(name.length);
  for (const flag of dangerousFlags[command] ?? []) {
    const isLong = flag.startsWith("--") || !flag.startsWith("-");
    // A short flag may stand with others (-yc) or carry its value (-c1).
    const isShort = !isLong && /^-[^-]/.test(arg) && arg.includes(flag.slice(1));
    if (plain === flag || (isLong && plain.startsWith(`${flag}=`)) || isShort)
      refuse(`${flag} runs or reaches too much`);
  }
  const value = arg.startsWith("-") ? arg.slice(arg.indexOf("=") + 1) : arg;
  if (value.split(/[\\/]/).includes("..")) refuse("it leaves its folder");
  const isPath = posix.isAbsolute(value) || win32.isAbsolute(value) || /^(\.|~|file:)/.test(value);
  if (isPath && !allowedPaths.some((path) => isWithin(value, path)))
    refuse("it names a file: see CUSTOM_MCP_ALLOWED_ABSOLUTE_SCRIPT_PATHS");
}

const isWithin = (value: string, path: string) =>
  value === path || value.startsWith(path.endsWith("/") ? path : `${path}/`);
