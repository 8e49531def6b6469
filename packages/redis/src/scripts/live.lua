-- The live log: what is held of each run between its steps. Of a run there is a hash of numbers (live:RUN) and a stream of
-- events (held:RUN); of all together the sizes of the streams (live-sizes, live-bytes), when each run was touched last
-- (live), and since when this Redis remembers (live-since).
--
-- A hash holds: s n, the place given last; ls ln, the last place that is gone; b, behind which numbers begin; r, how far
-- the run had come when it was first read of. What b is for: a run that is older than what is remembered here may have had
-- places before; its age in ms is greater than their count, so none of them is given again, and who comes with one is known
-- by it.

local base = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function remembersSince()
  local since = redis.call('GET', base .. 'live-since')
  if since then return tonumber(since) end
  redis.call('SET', base .. 'live-since', now)
  return now
end

-- startedAt: epoch ms, or -1 for one that tells nothing of its age
local function openRun(run, startedAt, idleMs)
  local log = { run = run, key = base .. 'live:' .. run, held = base .. 'held:' .. run, idleMs = idleMs }
  local s, n, ls, ln, b, r = unpack(redis.call('HMGET', log.key, 's', 'n', 'ls', 'ln', 'b', 'r'))
  if s then
    log.s, log.n, log.ls, log.ln, log.b, log.r =
      tonumber(s), tonumber(n), tonumber(ls), tonumber(ln), tonumber(b), tonumber(r)
    return log
  end
  log.isNew = true
  local isOld = startedAt >= 0 and startedAt < math.max(remembersSince(), now - idleMs)
  log.b = isOld and math.max(1, now - startedAt) or 0
  log.s, log.n, log.ls, log.ln, log.r = 0, log.b, 0, 0, -1
  return log
end

local function saveRun(log)
  redis.call('HSET', log.key, 's', log.s, 'n', log.n, 'ls', log.ls, 'ln', log.ln, 'b', log.b, 'r', log.r)
  redis.call('PEXPIRE', log.key, log.idleMs)
  redis.call('PEXPIRE', log.held, log.idleMs)
  redis.call('ZADD', base .. 'live', now, log.run)
end

local function isBefore(s, n, otherS, otherN) return s < otherS or (s == otherS and n < otherN) end

-- Counts bytes of a run; gives those of the run and of all.
local function countBytes(run, bytes)
  return redis.call('HINCRBY', base .. 'live-sizes', run, bytes), redis.call('INCRBY', base .. 'live-bytes', bytes)
end

-- What is held of a run goes, and whoever reads of it again is told so. Gives the bytes of all.
local function dropHeld(run)
  local bytes = tonumber(redis.call('HGET', base .. 'live-sizes', run) or 0)
  redis.call('HDEL', base .. 'live-sizes', run)
  redis.call('DEL', base .. 'held:' .. run)
  redis.call('ZREM', base .. 'live', run)
  if bytes > 0 then
    local key = base .. 'live:' .. run
    local s, n = unpack(redis.call('HMGET', key, 's', 'n'))
    if s then redis.call('HSET', key, 'ls', s, 'ln', n) end
  end
  return redis.call('DECRBY', base .. 'live-bytes', bytes)
end

-- Forgets some runs that were quiet for long, and those that were touched longest ago while all together are too large.
local function forget(idleMs, totalBytes)
  for _, run in ipairs(redis.call('ZRANGE', base .. 'live', '-inf', now - idleMs, 'BYSCORE', 'LIMIT', 0, 10)) do
    dropHeld(run)
    redis.call('DEL', base .. 'live:' .. run)
  end
  local total = tonumber(redis.call('GET', base .. 'live-bytes') or 0)
  while total > totalBytes do
    local oldest = redis.call('ZRANGE', base .. 'live', 0, 0)[1]
    if not oldest then return end
    total = dropHeld(oldest)
  end
end
