import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresBases } from "./postgres-place.ts";

/** A SLUICE_HOME for one run; `remove` leaves nothing behind, once everything in it has stopped. */
export async function openTemporaryHome(prefix: string) {
  const path = await mkdtemp(join(tmpdir(), `${prefix}-`));
  // PostgreSQL's user has to pass through; what is secret in a home is closed by itself.
  await chmod(path, 0o755);
  return {
    path,
    async remove(): Promise<void> {
      for (const folder of [...postgresBases(path), path])
        await rm(folder, { recursive: true, force: true });
    },
  };
}
