import { Worker } from "bullmq";

const worker = new Worker(process.argv[2] ?? "", async () => ({ text: "ok" }), {
  connection: { url: process.env.REDIS_URL ?? "", maxRetriesPerRequest: null },
  concurrency: 200,
});
worker.on("error", () => {});
process.once("disconnect", () => process.exit(0));
await worker.waitUntilReady();
process.send?.("ready");
