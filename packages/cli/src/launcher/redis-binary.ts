import { execFile } from "node:child_process";
import { access, constants, mkdir, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

export interface RedisBinary {
  path: string;
  /** Where its shared libraries lie, when they are not the system's. */
  libraryPath?: string;
}

/** On the PATH, or unpacked from Debian's packages into `home`; undefined when neither can be had. */
export async function findRedisBinary(
  home: string,
  env: NodeJS.ProcessEnv,
  note: (line: string) => void,
): Promise<RedisBinary | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
    for (const name of ["redis-server", "valkey-server"]) {
      const path = join(folder, name);
      if (await isExecutable(path)) return { path };
    }
  }
  if (process.platform !== "linux") return undefined;
  const root = join(home, "redis-package");
  const unpacked = await unpackedBinary(root);
  if (unpacked) return unpacked;
  if (!(await runs("apt-get", ["--version"])) || !(await runs("dpkg-deb", ["--version"])))
    return undefined;
  note("no redis-server on the PATH: unpacking Debian's package (nothing is installed)");
  try {
    await unpackPackage(root);
  } catch (error) {
    note(`Debian's package cannot be had: ${firstLine(error)}`);
    return undefined;
  }
  return unpackedBinary(root);
}

async function unpackedBinary(root: string): Promise<RedisBinary | undefined> {
  const path = join(root, "usr/bin/redis-server");
  if (!(await isExecutable(path))) return undefined;
  const folders: string[] = [];
  for (const libraries of [join(root, "usr/lib"), join(root, "lib")]) {
    const inside = await readdir(libraries).catch(() => []);
    folders.push(libraries, ...inside.filter(isOfMachine).map((name) => join(libraries, name)));
  }
  const binary = { path, libraryPath: folders.join(":") };
  const works = await runs(path, ["--version"], { LD_LIBRARY_PATH: binary.libraryPath });
  return works ? binary : undefined;
}

/** `x86_64-linux-gnu` and its like, where Debian keeps libraries. */
const isOfMachine = (name: string) => name.includes("-linux-");

/** Downloads and unpacks in a folder beside, then renames: a cut-off download leaves nothing that looks whole. */
async function unpackPackage(root: string): Promise<void> {
  const draft = `${root}.${process.pid}`;
  const lists = join(draft, "lists");
  await mkdir(join(lists, "partial"), { recursive: true });
  try {
    await download(draft, []).catch(async () => {
      // An image without package lists, or with old ones: fetch them into our own folder.
      const own = ["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${join(draft, "cache")}`];
      await exec("apt-get", [...own, ...asRoot, "update"], { timeout: 120_000 });
      await download(draft, own);
    });
    const archives = (await readdir(draft)).filter((name) => name.endsWith(".deb"));
    for (const archive of archives)
      await exec("dpkg-deb", ["-x", archive, join(draft, "root")], { cwd: draft });
    await rm(root, { recursive: true, force: true });
    await rename(join(draft, "root"), root);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

// As root apt would work as a user of its own, who may not write here.
const asRoot = ["-o", "APT::Sandbox::User=root"];

async function download(folder: string, options: string[]): Promise<void> {
  const names = await packagesNeeded(options);
  await exec("apt-get", [...options, ...asRoot, "download", ...names], {
    cwd: folder,
    timeout: 120_000,
  });
}

/** The packages of the server and of the libraries that this machine lacks. */
async function packagesNeeded(options: string[]): Promise<string[]> {
  const query = ["depends", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks"];
  const args = [...options, ...query, "--no-replaces", "redis-server", "redis-tools"];
  const { stdout } = await exec("apt-cache", args, { env: { ...process.env, LC_ALL: "C" } });
  const libraries = [...stdout.matchAll(/Depends: (l(?:ib|ua)[\w.+-]*)/g)].flatMap(([, name]) =>
    // A second C library beside the system's would break everything.
    name === undefined || name === "libc6" ? [] : name,
  );
  const missing: string[] = [];
  for (const name of new Set(libraries)) if (!(await isInstalled(name))) missing.push(name);
  return ["redis-server", "redis-tools", ...missing];
}

const isInstalled = (name: string) =>
  exec("dpkg", ["-s", name]).then(
    ({ stdout }) => stdout.includes("Status: install ok installed"),
    () => false,
  );

const isExecutable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const runs = (command: string, args: string[], extra: NodeJS.ProcessEnv = {}) =>
  exec(command, args, { env: { ...process.env, ...extra }, timeout: 10_000 }).then(
    () => true,
    () => false,
  );

const firstLine = (error: unknown) => {
  const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return text.trim().split("\n")[0] ?? "";
};
