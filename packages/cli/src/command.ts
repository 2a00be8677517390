/** What a subcommand is given; it reads nothing else of its surroundings. */
export interface Context {
  env: NodeJS.ProcessEnv;
  /** For the result: stdout. */
  out(line: string): void;
  /** For everything said on the way: stderr. */
  note(line: string): void;
  /** Text as it comes, without a line end: stdout. */
  write(text: string): void;
  paint: Paint;
  /** Resolves with the signal's name when the user wants to stop. */
  stopped: Promise<NodeJS.Signals>;
}

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  red(text: string): string;
}

export interface Command {
  summary: string;
  usage: string;
  /** Resolves with the exit code. */
  run(args: string[], context: Context): Promise<number>;
}

/** Ends the command with one line and, where there is one, a remedy. */
export class CliError extends Error {
  readonly remedy: string | undefined;
  readonly exitCode: number;
  constructor(
    message: string,
    options: { remedy?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "CliError";
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? 1;
  }
}
