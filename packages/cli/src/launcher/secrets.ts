import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const Secrets = z.object({
  apiKey: z.string(),
  credentialSecret: z.string(),
  redisPassword: z.string(),
});
export type Secrets = z.infer<typeof Secrets>;

const random = (bytes: number) => randomBytes(bytes).toString("base64url");

export const secretsFile = (home: string) => join(home, "secrets.json");

/** Reads the secrets of `home`; makes them at the first start. */
export async function openSecrets(home: string): Promise<Secrets & { fresh: boolean }> {
  await mkdir(home, { recursive: true });
  const stored = await readSecrets(home);
  if (stored) return { ...stored, fresh: false };
  const made = {
    apiKey: `sk_${random(32)}`,
    credentialSecret: random(32),
    redisPassword: random(24),
  };
  await writePrivate(secretsFile(home), JSON.stringify(made, null, 2));
  return { ...made, fresh: true };
}

export async function readSecrets(home: string): Promise<Secrets | undefined> {
  const text = await readFile(secretsFile(home), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : Secrets.parse(JSON.parse(text));
}

/** Whole or not at all, and never readable by others, not even for a moment. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${text}\n`, { mode: 0o600, flag: "wx" });
  await rename(draft, file);
}
