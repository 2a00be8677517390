import { createRoute } from "@hono/zod-openapi";
import { createLead, LeadInput } from "@sluice/core/conversation/lead";
import { LeadReply, toLeadReply } from "@sluice/core/conversation/wire";
import type { Deps } from "../deps.ts";
import { body, json, routes } from "../json.ts";

const create = createRoute({
  method: "post",
  path: "/api/v1/leads",
  summary: "Leave an address in a chat",
  request: { body: body(LeadInput) },
  responses: { 200: json(LeadReply, "The lead") },
});

/** People who left an address; needs no key. The chat widget writes the path with a slash at its end. */
export const leadRoutes = (deps: Deps) => {
  const { db } = deps;
  const app = routes(deps, "leads").openapi(create, async (c) =>
    c.json(toLeadReply(await createLead(db, c.req.valid("json"))), 200),
  );
  app.post("/api/v1/leads/", async (c) =>
    c.json(toLeadReply(await createLead(db, await c.req.json()))),
  );
  return app;
};
