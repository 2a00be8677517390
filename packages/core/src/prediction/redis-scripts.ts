import type { RedisConnection } from "../redis/open-redis.ts";

type Script = (keyCount: number, ...keysAndArguments: (string | number)[]) => Promise<unknown>;

/** Makes a script callable by its hash: its text travels only to a Redis that does not know it. */
export function defineScript(connection: RedisConnection, name: string, lua: string): Script {
  connection.defineCommand(name, { lua });
  const commands = connection as unknown as Record<string, Script>;
  return (keyCount, ...rest) => commands[name]!(keyCount, ...rest);
}

/**
 * Makes a prediction this worker's and raises its fence, unless a worker that is alive has it.
 * A later segment, after a pause, begins with a new log.
 * KEYS: claim, cancel, cancel-chat, in-hand set of the worker, log
 * ARGV: worker id, accepted at (ms), expiry (ms), job id, prefix of the workers' heartbeat keys, lowest fence
 * Returns {fence, state, checkpoint}; state 0 = run, 1 = canceled before it began, 2 = ended or in other hands.
 */
export const claimScript = `
local claim = redis.call('HMGET', KEYS[1], 'fence', 'ended', 'checkpoint', 'worker')
if claim[2] then
  if tonumber(claim[2]) >= tonumber(string.match(ARGV[4], '^[^-]+%-(%d+)') or 0) then return {0, 2, false} end
  redis.call('HDEL', KEYS[1], 'ended', 'checkpoint', 'worker')
  redis.call('DEL', KEYS[5])
  claim = {claim[1], false, false, false}
end
if claim[4] and claim[4] ~= ARGV[1] and redis.call('EXISTS', ARGV[5] .. claim[4]) == 1 then return {0, 2, false} end
local fence = math.max(tonumber(claim[1] or '0'), tonumber(ARGV[6])) + 1
redis.call('HSET', KEYS[1], 'fence', fence, 'worker', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SADD', KEYS[4], ARGV[4])
local canceled = redis.call('EXISTS', KEYS[2]) == 1
local chat = redis.call('GET', KEYS[3])
if canceled or (chat and tonumber(chat) >= tonumber(ARGV[2])) then return {fence, 1, claim[3]} end
return {fence, 0, claim[3]}
`;

/**
 * Says after a reconnect which predictions a worker has in hand, for a Redis that may have lost its claims.
 * KEYS: heartbeat of the worker, its in-hand set, then one claim per prediction.
 * ARGV: worker id, heartbeat, its expiry (ms), expiry of claims (ms), then per prediction fence, job id, checkpoint ('' = none)
 */
export const reassertScript = `
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
for k = 3, #KEYS do
  local a = 4 + (k - 3) * 3
  local fence, job, checkpoint = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local claim = redis.call('HMGET', KEYS[k], 'fence', 'ended')
  if not claim[1] then
    redis.call('HSET', KEYS[k], 'fence', fence, 'worker', ARGV[1])
    if checkpoint ~= '' then redis.call('HSET', KEYS[k], 'checkpoint', checkpoint) end
    redis.call('PEXPIRE', KEYS[k], ARGV[4])
  end
  if not claim[2] and (not claim[1] or claim[1] == fence) then redis.call('SADD', KEYS[2], job) end
end
`;

/**
 * Gives a claim up: another worker may take the prediction at once, from the checkpoint.
 * KEYS: claim, in-hand set of the worker. ARGV: fence, checkpoint ('' = keep the one that is there), job id
 */
export const releaseScript = `
if redis.call('HGET', KEYS[1], 'fence') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'worker')
  if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'checkpoint', ARGV[2]) end
end
redis.call('SREM', KEYS[2], ARGV[3])
`;

/**
 * One tick of a worker: for each prediction checks the fence, keeps the batch and gathers one message for each inbox.
 * KEYS: in-hand set of the worker, then per prediction its claim and its log.
 * ARGV: expiry (ms), expiry after the end (ms), most entries of a log, then per prediction
 *   fence, channel ('' = nobody waits), head of the line for the inbox, entry id ('' = not logged), payload, checkpoint ('' = none),
 *   job id when it ends, id of the last entry that is logged ('' = none)
 * Returns the indices (from 0) of predictions whose fence is another worker's, and of those whose log has lost
 * entries: of these nothing was done.
 */
export const appendScript = `
local function lacks(log, logged)
  local top = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  if not top then return true end
  local fence, sequence = string.match(top[1], '(%d+)-(%d+)')
  local wantedFence, wantedSequence = string.match(logged, '(%d+)-(%d+)')
  if fence ~= wantedFence then return tonumber(fence) < tonumber(wantedFence) end
  return tonumber(sequence) < tonumber(wantedSequence)
end
local lost, forgotten, inboxes, order = {}, {}, {}, {}
local i = 0
for k = 2, #KEYS, 2 do
  local a = 3 + i * 8
  local fence, channel, head, id, payload, checkpoint, ended, logged =
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5], ARGV[a + 6], ARGV[a + 7], ARGV[a + 8]
  local current = redis.call('HGET', KEYS[k], 'fence')
  if current and current ~= fence then
    lost[#lost + 1] = i
  elseif id ~= '' and logged ~= '' and lacks(KEYS[k + 1], logged) then
    forgotten[#forgotten + 1] = i
  else
    if id ~= '' then
      -- A call whose answer was lost is sent again: what it added is there already.
      local added = redis.pcall('XADD', KEYS[k + 1], 'MAXLEN', '~', ARGV[3], id, 'e', payload)
      if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller', 1, true) then return added end
      redis.call('PEXPIRE', KEYS[k + 1], ARGV[1])
    end
    if checkpoint ~= '' then redis.call('HSET', KEYS[k], 'fence', fence, 'checkpoint', checkpoint) end
    if ended ~= '' then
      redis.call('DEL', KEYS[k])
      redis.call('HSET', KEYS[k], 'fence', fence, 'ended', string.match(ended, '^[^-]+%-(%d+)') or 0)
      redis.call('PEXPIRE', KEYS[k], ARGV[2])
      if id ~= '' then redis.call('PEXPIRE', KEYS[k + 1], ARGV[2]) end
      redis.call('SREM', KEYS[1], ended)
    end
    if channel ~= '' then
      if not inboxes[channel] then inboxes[channel] = {}; order[#order + 1] = channel end
      local lines = inboxes[channel]
      lines[#lines + 1] = head .. payload
    end
  end
  i = i + 1
end
for _, channel in ipairs(order) do redis.call('PUBLISH', channel, table.concat(inboxes[channel], '\\n')) end
return {lost, forgotten}
`;
