-- Reads live events of a run; whatever is added from now on gets a place behind the given step.
--
-- KEYS[1]  the shared base, for example "weft:{+}:"
-- ARGV     run, when it started (epoch ms, -1: unknown), step, the step and number to read after, limit, idle ms
-- returns  1 if something is missing, 1 if there is more, the step and number to read on after, then id and text of each

local run, startedAt, step, afterS, afterN, limit, idleMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]),
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local log = openRun(run, startedAt, idleMs)
if log.s < step then log.s, log.n = step, log.b end
if log.r < 0 then log.r = step end

-- Whether the place was given by a log before this one, or by none.
local isStrange
if afterN > 0 then
  isStrange = afterN < log.b or isBefore(log.s, log.n, afterS, afterN)
else
  isStrange = log.b > 0 and afterS <= log.r
end
local fromS, fromN = afterS, afterN
if isStrange and afterN > 0 then fromS, fromN = 0, 0 end

local found = redis.call('XRANGE', log.held, string.format('(%.0f-%.0f', fromS, fromN), '+', 'COUNT', limit + 1)
local more = #found > limit
if more then found[#found] = nil end
local nextS, nextN = log.s, log.n
if more then nextS, nextN = string.match(found[#found][1], '(%d+)-(%d+)') end
local lost = isStrange or isBefore(fromS, fromN, log.ls, log.ln)
saveRun(log)
local answer = { lost and 1 or 0, more and 1 or 0, tonumber(nextS), tonumber(nextN) }
for _, entry in ipairs(found) do
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = entry[2][2]
end
return answer
