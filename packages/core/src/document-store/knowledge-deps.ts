import type { KnowledgeServices } from "@sluice/engine/knowledge";
import type { Db } from "../database/open-database.ts";
import type { ObjectStore } from "../object-store/object-store.ts";

/** What filling and querying document stores needs, in whatever process it runs. */
export interface KnowledgeDeps {
  db: Db;
  objects: ObjectStore;
  services: KnowledgeServices;
}
