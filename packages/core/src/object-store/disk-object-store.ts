import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { AppError, notFound } from "../error.ts";
import type { ObjectStore } from "./object-store.ts";

const nowhere = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG"]);

/** Objects as files below one folder. Several processes on one machine, or on a shared disk, may use it. */
export function openDiskObjectStore(folder: string): ObjectStore {
  const fileOf = (key: string) => {
    const path = normalize(key);
    if (path.startsWith("..") || path.startsWith("/") || key.includes("\0"))
      throw new AppError("invalid", `${JSON.stringify(key)} is not a valid object key`);
    return join(folder, path);
  };
  return {
    async put(key, bytes) {
      const file = fileOf(key);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const part = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.part`;
      await writeFile(part, bytes, { mode: 0o600 });
      await rename(part, file);
    },
    async get(key) {
      try {
        return await readFile(fileOf(key));
      } catch (cause) {
        if (nowhere.has((cause as NodeJS.ErrnoException).code ?? "")) throw notFound("Object", key);
        throw cause;
      }
    },
    delete: (key) => rm(fileOf(key), { force: true }),
    async deleteFolder(path) {
      const inside = fileOf(`${path}/all`);
      if (dirname(inside) === folder) throw new AppError("invalid", "No folder was named");
      await rm(dirname(inside), { recursive: true, force: true });
    },
  };
}
