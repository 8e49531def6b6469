-- What the scripts of endpoints share. It does what the engine's `metering.ts` and what that imports say, step by step.
--
-- KEYS[1]  the base of a tenant, for example "weft:{+endpoints acme}:". Behind it:
--            state NAME      JSON: circuit, track record and budget of retries of an endpoint
--            calls NAME      the ids of its calls under way, by the end of their lease (epoch ms)
--            tickets NAME    what each of them took: "generation tokens second"
--            credential C    JSON: what all endpoints with that credential have spent, and what their provider said
-- ARGV[1]  the engine's METER_RULES, as JSON
-- ARGV[2]  now (epoch ms); empty: by the clock of Redis

local base, rules = KEYS[1], cjson.decode(ARGV[1])
local MINUTE, LONGEST_REST, KEEP = 60000, 3600000, 7 * 86400000

local function clock()
  if ARGV[2] ~= '' then return tonumber(ARGV[2]) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local now = clock()
local second = math.floor(now / 1000)

-- Seconds: what was counted, by the second.

local function isRecent(at, window) return (at + 1) * 1000 > now - window end

local function recent(seconds, window)
  local sum = 0
  for at, count in pairs(seconds) do
    if isRecent(tonumber(at), window) then sum = sum + count end
  end
  return sum
end

local function count(seconds, at, more, window)
  for old in pairs(seconds) do
    if not isRecent(tonumber(old), window) then seconds[old] = nil end
  end
  if not isRecent(at, window) then return end
  local key = string.format('%.0f', at)
  local sum = (seconds[key] or 0) + more
  seconds[key] = sum > 0 and sum or nil
end

local function waitFor(seconds, need, limit, window)
  local excess = recent(seconds, window) + need - limit
  if excess <= 0 then return 0 end
  local ats = {}
  for at in pairs(seconds) do
    if isRecent(tonumber(at), window) then ats[#ats + 1] = at end
  end
  table.sort(ats, function(a, b) return tonumber(a) < tonumber(b) end)
  for _, at in ipairs(ats) do
    excess = excess - seconds[at]
    if excess <= 0 then return (tonumber(at) + 1) * 1000 + window - now end
  end
  return window
end

-- The circuit.

local function become(e, status, untilWhen)
  e.status, e.openUntil, e.generation = status, untilWhen, e.generation + 1
  e.row, e.trials, e.lost, e.ok, e.bad = 0, 0, 0, {}, {}
end

local function failureRate(e)
  local failed = recent(e.bad, rules.circuit.windowMs)
  local all = failed + recent(e.ok, rules.circuit.windowMs)
  return all < rules.circuit.minimum and 0 or failed / all
end

local function isCareful(e) return failureRate(e) >= rules.circuit.carefulRate end

local function circuitRoom(e, running)
  if e.status == 'open' then return 0 end
  if e.status == 'half_open' then return math.max(0, rules.circuit.trials - e.trials) end
  return isCareful(e) and math.max(0, rules.circuit.trials - running) or math.huge
end

local function reportCircuit(e, generation, verdict)
  if generation ~= e.generation or e.status == 'open' then return end
  if e.status == 'half_open' then
    if verdict == 'neutral' then e.trials = math.max(0, e.trials - 1)
    elseif verdict == 'succeeded' then become(e, 'closed')
    else become(e, 'open', now + rules.circuit.recoveryMs) end
    return
  end
  if verdict == 'neutral' then return end
  count(verdict == 'failed' and e.bad or e.ok, second, 1, rules.circuit.windowMs)
  e.row = verdict == 'failed' and e.row + 1 or 0
  if e.row >= rules.circuit.failures or failureRate(e) >= rules.circuit.openRate then
    become(e, 'open', now + rules.circuit.recoveryMs)
  end
end

local function loseCall(e, generation)
  if generation ~= e.generation or e.status ~= 'half_open' then return end
  e.lost = e.lost + 1
  if e.lost >= rules.circuit.trials then become(e, 'open', now + rules.circuit.recoveryMs) end
end

-- An endpoint, as it is now.

local function newEndpoint()
  return { status = 'closed', row = 0, generation = 0, trials = 0, lost = 0, ok = {}, bad = {},
    succeeded = 0, failed = 0, at = 0, retries = rules.retry.most, retriesAt = 0 }
end

local function openEndpoint(name)
  local text = redis.call('GET', base .. 'state ' .. name)
  local e = text and cjson.decode(text) or newEndpoint()
  if e.status == 'open' and e.openUntil and now >= e.openUntil then become(e, 'half_open') end
  local kept = rules.record.keptPerHour ^ (math.max(0, now - e.at) / 3600000)
  e.succeeded, e.failed, e.at = e.succeeded * kept, e.failed * kept, math.max(e.at, now)
  local earned = math.max(0, now - e.retriesAt) / 1000 * rules.retry.perSecond
  e.retries, e.retriesAt = math.min(rules.retry.most, e.retries + earned), math.max(e.retriesAt, now)
  return e
end

-- What was opened by hand stays so until it is closed by hand.
local function saveEndpoint(name, e)
  local key, text = base .. 'state ' .. name, cjson.encode(e)
  if e.status == 'open' and not e.openUntil then redis.call('SET', key, text)
  else redis.call('SET', key, text, 'PX', KEEP) end
end

local function smoothed(before, value)
  return before and before + rules.record.alpha * (value - before) or value
end

-- Calls under way.

local function ticketOf(name, id)
  local text = redis.call('HGET', base .. 'tickets ' .. name, id)
  if not text then return nil end
  local generation, tokens, at = string.match(text, '^(%S+) (%S+) (%S+)$')
  return { generation = tonumber(generation), tokens = tonumber(tokens), second = tonumber(at) }
end

local function dropCall(name, id)
  redis.call('ZREM', base .. 'calls ' .. name, id)
  redis.call('HDEL', base .. 'tickets ' .. name, id)
end

-- Calls whose lease is over are lost. Returns how many are under way.
local function countCalls(name, e)
  local calls = base .. 'calls ' .. name
  local late = redis.call('ZRANGEBYSCORE', calls, '-inf', now, 'LIMIT', 0, 1000)
  for _, id in ipairs(late) do
    local ticket = ticketOf(name, id)
    if ticket then loseCall(e, ticket.generation) end
    dropCall(name, id)
  end
  if #late > 0 then saveEndpoint(name, e) end
  return redis.call('ZCOUNT', calls, string.format('(%.0f', now), '+inf')
end

local function leaseCall(name, id, leaseMs)
  redis.call('ZADD', base .. 'calls ' .. name, string.format('%.0f', now + leaseMs), id)
  redis.call('PEXPIRE', base .. 'calls ' .. name, KEEP)
  redis.call('PEXPIRE', base .. 'tickets ' .. name, KEEP)
end

-- A credential.

local function openCredential(name)
  local text = redis.call('GET', base .. 'credential ' .. name)
  return text and cjson.decode(text) or { requests = {}, tokens = {}, restUntil = 0, times = 0, refusedUntil = 0 }
end

local function saveCredential(name, c)
  redis.call('SET', base .. 'credential ' .. name, cjson.encode(c), 'PX', KEEP)
end

-- `limits`: requests and tokens a minute, each of them may be nil.
local function charged(tokens, limits) return math.min(tokens, limits.tokens or tokens) end

local function waitForRates(c, limits, tokens)
  local wait = math.max(0, c.restUntil - now)
  if c.allowedUntil and c.allowed < 1 then wait = math.max(wait, c.allowedUntil - now) end
  if limits.requests then wait = math.max(wait, waitFor(c.requests, 1, limits.requests, MINUTE)) end
  if limits.tokens then
    wait = math.max(wait, waitFor(c.tokens, charged(tokens, limits), limits.tokens, MINUTE))
  end
  return math.ceil(wait)
end

local function roomInRates(c, limits, tokens)
  if waitForRates(c, limits, tokens) > 0 then return 0 end
  local room, each = math.huge, charged(tokens, limits)
  if c.allowedUntil and now < c.allowedUntil then room = math.min(room, c.allowed) end
  if limits.requests then room = math.min(room, limits.requests - recent(c.requests, MINUTE)) end
  if limits.tokens and each > 0 then room = math.min(room, (limits.tokens - recent(c.tokens, MINUTE)) / each) end
  return math.floor(room)
end

local function limitsAt(at) return { requests = tonumber(ARGV[at]), tokens = tonumber(ARGV[at + 1]) } end
