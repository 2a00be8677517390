import { createServer } from "node:http";

// Takes the part of the API or of a worker: keeps the launcher's contract and does nothing else.
const port = Number(process.env.SLUICE_API_KEY ? process.env.PORT : process.env.WORKER_PORT);
const server = createServer((request, response) => {
  if (request.url === "/die") process.exit(3);
  const { REDIS_URL, DATABASE_URL, MODE, PORT, WORKER_PORT, SLUICE_API_KEY } = process.env;
  response.end(JSON.stringify({ REDIS_URL, DATABASE_URL, MODE, PORT, WORKER_PORT, SLUICE_API_KEY }));
});
server.listen(port, process.env.HOST, () => {
  const address = server.address();
  const listening = typeof address === "object" ? address?.port : port;
  const readyMs = Math.round(process.uptime() * 1000);
  process.send?.({ type: "ready", url: `http://127.0.0.1:${listening}`, readyMs });
});
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
