-- Adds live events, and wakes who listens to their runs.
--
-- KEYS[1]  the shared base, for example "weft:{+}:"
-- ARGV     what channels of runs begin with, most events of a run, most bytes of a run, most bytes of all, idle ms, then for
--          each event: run, when it started (epoch ms, -1: unknown), its step, "e" (an event), "f" (one that is held only if
--          anything is known of its run) or "l" (something was lost here), and its text
-- returns  nothing

local channels, runEvents, runBytes, totalBytes, idleMs =
  ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- The oldest go, until what is left is neither too many nor too large.
local function trim(log, bytes)
  local surplus = redis.call('XLEN', log.held) - runEvents
  while surplus > 0 or bytes > runBytes do
    local gone, size = {}, 0
    for _, entry in ipairs(redis.call('XRANGE', log.held, '-', '+', 'COUNT', 100)) do
      if surplus <= 0 and bytes - size <= runBytes then break end
      surplus = surplus - 1
      size = size + #entry[2][2]
      gone[#gone + 1] = entry[1]
    end
    if #gone == 0 then return end
    redis.call('XDEL', log.held, unpack(gone))
    local s, n = string.match(gone[#gone], '(%d+)-(%d+)')
    if isBefore(log.ls, log.ln, tonumber(s), tonumber(n)) then log.ls, log.ln = tonumber(s), tonumber(n) end
    bytes = countBytes(log.run, -size)
  end
end

local function add(log, step, kind, text)
  if step > log.s then log.s, log.n = step, log.b + 1 else log.n = log.n + 1 end
  if kind == 'l' then
    log.ls, log.ln = log.s, log.n
    return
  end
  redis.call('XADD', log.held, string.format('%.0f-%.0f', log.s, log.n), 'e', text)
  log.size = (log.size or 0) + #text
end

local logs, touched = {}, {}
for at = 6, #ARGV, 5 do
  local run, kind = ARGV[at], ARGV[at + 3]
  local log = logs[run] or openRun(run, tonumber(ARGV[at + 1]), idleMs)
  logs[run] = log
  if kind ~= 'f' or not log.isNew then
    if not log.touched then touched[#touched + 1] = log end
    log.isNew, log.touched = false, true
    add(log, tonumber(ARGV[at + 2]), kind, ARGV[at + 4])
  end
end
for _, log in ipairs(touched) do
  if log.size then trim(log, (countBytes(log.run, log.size))) end
  saveRun(log)
  redis.call('PUBLISH', channels .. log.run, '[{"kind":"live","runId":' .. cjson.encode(log.run) .. '}]')
end
forget(idleMs, totalBytes)
