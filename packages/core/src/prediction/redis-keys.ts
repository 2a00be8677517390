/** Names of all keys and channels of one queue. One hash tag: scripts touch many predictions at once. */
export function redisKeys(queueName: string) {
  const base = `{sluice:${queueName}}`;
  return {
    claim: (id: string) => `${base}:claim:${id}`,
    log: (id: string) => `${base}:log:${id}`,
    cancel: (id: string) => `${base}:cancel:${id}`,
    cancelChat: (flowId: string, chatId: string) => `${base}:cancel-chat:${flowId}:${chatId}`,
    worker: (id: string) => `${base}:worker:${id}`,
    inHand: (workerId: string) => `${base}:in-hand:${workerId}`,
    workers: `${base}:workers`,
    epochs: `${base}:epochs`,
    replicas: `${base}:replicas`,
    cache: (bucket: string) => `${base}:${bucket}`,
    limit: (name: string) => `${base}:limit:${name}`,
    lease: (name: string) => `${base}:lease:${name}`,
    mcpTools: `${base}:mcp-tools`,
    inboxChannel: (inbox: string) => `${base}:inbox:${inbox}`,
    cancelChannel: `${base}:canceled`,
    changeChannel: `${base}:changed`,
  };
}
export type RedisKeys = ReturnType<typeof redisKeys>;
