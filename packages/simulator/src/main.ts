import { z } from "zod";
import { openSimulator } from "./simulator.ts";

const whole = z.coerce.number().int().min(0);
const Environment = z.object({
  PORT: whole.default(4010),
  HOST: z.string().default("127.0.0.1"),
  TTFT_MS: whole.default(50),
  TOKENS: whole.default(50),
  GAP_MS: whole.default(10),
});
const env = Environment.parse(process.env);
const simulator = await openSimulator({
  port: env.PORT,
  host: env.HOST,
  ttftMs: env.TTFT_MS,
  tokens: env.TOKENS,
  gapMs: env.GAP_MS,
});
const readyMs = Math.round(process.uptime() * 1000);
process.stderr.write(`${JSON.stringify({ message: "simulator ready", url: simulator.url })}\n`);
process.send?.({ type: "ready", url: simulator.url, readyMs });

const stop = () => void simulator.close().then(() => process.exit(0));
process.once("SIGINT", stop).once("SIGTERM", stop).once("disconnect", stop);
