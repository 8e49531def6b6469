-- Admits starts under rates by GCRA: each under all of its rates, or under none.
--
-- A rate is one number, the theoretical arrival time of the next start, under which a burst of starts may lie. It is a key
-- that expires when that time has come: then it says the same as none.
--
-- KEYS[1]  the tenant's base, for example "weft:{+rate acme}:". All its rates lie in one slot
-- ARGV     now (ms), 1 to spend and 0 to look only, then per request: number of rates, and for each: name, count, per (ms), burst
-- returns  for each request "0", or how long it has to wait at least, ms, as a text

local now, spends = tonumber(ARGV[1]), ARGV[2] == '1'
local known = {}

local function expected(name)
  if known[name] == nil then known[name] = tonumber(redis.call('GET', KEYS[1] .. name) or now) end
  return known[name]
end

-- The same as in the engine's `arrive`.
local function arrive(name, count, per, burst)
  local apart = per / count
  local tolerance = apart * (burst - 1)
  local from = math.min(math.max(expected(name), now), now + tolerance + apart)
  local wait = from - tolerance - now
  return wait > 0.001 and wait or 0, from + apart
end

local at, reply, changed = 3, {}, {}
while at <= #ARGV do
  local rates, wait, next = tonumber(ARGV[at]), 0, {}
  at = at + 1
  for _ = 1, rates do
    local name = ARGV[at]
    local own, after = arrive(name, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]))
    wait = math.max(wait, own)
    next[name] = after
    at = at + 4
  end
  if wait == 0 and spends then
    for name, after in pairs(next) do
      known[name] = after
      changed[name] = true
    end
  end
  reply[#reply + 1] = wait == 0 and '0' or string.format('%.3f', wait)
end

for name in pairs(changed) do
  local left = math.max(1, math.ceil(known[name] - now))
  redis.call('SET', KEYS[1] .. name, string.format('%.6f', known[name]), 'PX', left)
end
return reply
