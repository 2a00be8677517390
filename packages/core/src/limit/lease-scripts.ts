/**
 * Leases: sorted sets of prediction ids, each scored with the moment its place becomes free (ms, by Redis's clock). A conversation has
 * a second set with the order of its messages: 0 for one whose turn has come, else when it was accepted.
 */
const shared = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function bury(turn, order)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', turn, '-inf', now)) do
    redis.call('ZREM', turn, id)
    redis.call('ZREM', order, id)
  end
end
local function tell(turn, order, channel)
  bury(turn, order)
  local head = redis.call('ZRANGE', order, 0, 0, 'WITHSCORES')
  if head[1] and tonumber(head[2]) > 0 then redis.call('PUBLISH', channel, head[1]) end
end
local function hold(key, till, id, leaseMs)
  redis.call('ZADD', key, till, id)
  redis.call('PEXPIRE', key, leaseMs * 2)
end
`;

/**
 * KEYS: caps, then turn and order of a conversation if there is one.
 * ARGV: id, lease (ms), accepted at, policy ('' = no conversation), forced (0/1), most of a conversation, then the size of each cap
 * Returns {0, first, others…}; {cap} from 1 when that one is full; {-1, by} when the conversation is busy; {-2} when it is crowded.
 */
export const enterScript = `${shared}
local id, leaseMs, at, policy, forced, most = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
local caps = #ARGV - 6
local turn, order = KEYS[caps + 1], KEYS[caps + 2]
for i = 1, caps do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  if not forced and not redis.call('ZSCORE', KEYS[i], id) and redis.call('ZCARD', KEYS[i]) >= tonumber(ARGV[6 + i]) then return {i} end
end
local others = {}
if policy ~= '' then
  bury(turn, order)
  for _, other in ipairs(redis.call('ZRANGE', order, 0, most)) do
    if other ~= id then others[#others + 1] = other end
  end
  if not forced and policy == 'reject' and #others > 0 then return {-1, others[1]} end
  if not forced and policy == 'enqueue' and #others >= most then return {-2} end
end
local till = now + leaseMs
for i = 1, caps do hold(KEYS[i], till, id, leaseMs) end
local first = 1
if policy ~= '' then
  hold(turn, till, id, leaseMs)
  redis.call('ZADD', order, 'NX', at, id)
  redis.call('PEXPIRE', order, leaseMs * 2)
  if redis.call('ZRANGE', order, 0, 0)[1] == id then redis.call('ZADD', order, 0, id) else first = 0 end
end
local result = {0, first}
for _, other in ipairs(others) do result[#result + 1] = other end
return result
`;

/**
 * KEYS per prediction: its claim, its caps, turn and order of its conversation if it has one.
 * ARGV: lease (ms), channel, then per prediction: id, segment, number of caps, conversation (0/1), how it is held, accepted at
 * Returns for each 0 = gone, 1 = held, 2 = its turn has come.
 */
export const renewScript = `${shared}
local leaseMs, channel = tonumber(ARGV[1]), ARGV[2]
local till = now + leaseMs
local states = {}
local k = 1
for a = 3, #ARGV, 6 do
  local id, segment, caps, talks, as, at = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), ARGV[a + 3] == '1', ARGV[a + 4], ARGV[a + 5]
  local from, to = k + 1, k + caps + (talks and 2 or 0)
  local turn, order = KEYS[to - 1], KEYS[to]
  local state = 1
  if as ~= 'hold' then
    -- Whoever ran it may have had no time to leave.
    local ended = redis.call('HGET', KEYS[k], 'ended')
    if ended and tonumber(ended) >= segment then state = 0 end
    if as == 'keep' and not redis.call('ZSCORE', KEYS[from], id) then state = 0 end
  end
  if state == 0 then
    for i = from, to do redis.call('ZREM', KEYS[i], id) end
    if talks then tell(turn, order, channel) end
  else
    for i = from, k + caps do hold(KEYS[i], till, id, leaseMs) end
    if talks then
      hold(turn, till, id, leaseMs)
      if as == 'hold' then redis.call('ZADD', order, 0, id) end
      if as == 'wait' then
        bury(turn, order)
        redis.call('ZADD', order, 'NX', at, id)
        if redis.call('ZRANGE', order, 0, 0)[1] == id then
          redis.call('ZADD', order, 0, id)
          state = 2
        end
      end
      redis.call('PEXPIRE', order, leaseMs * 2)
    end
  end
  states[#states + 1] = state
  k = to + 1
end
return states
`;

/** KEYS: caps, then turn and order of a conversation if there is one. ARGV: id, channel, conversation (0/1) */
export const leaveScript = `${shared}
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end
if ARGV[3] == '1' then tell(KEYS[#KEYS - 1], KEYS[#KEYS], ARGV[2]) end
`;
