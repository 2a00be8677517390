// A task that does nothing but start and stop.
process.send?.({ type: "ready" });
process.once("SIGTERM", () => process.exit(0));
setInterval(() => {}, 60_000);
