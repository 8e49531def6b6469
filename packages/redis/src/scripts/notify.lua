-- Publishes notices, which travel once: each to the channel of its run, and all of them to that of who hears all. A
-- subscriber counts, not a key: the base only says where the script runs.
--
-- KEYS[1]  the shared base, for example "weft:{+}:"
-- ARGV     the channel of all, what a run's channel begins with, then run, notice ...
-- returns  nothing

local runs, texts, byRun = {}, {}, {}
for index = 3, #ARGV, 2 do
  local run, text = ARGV[index], ARGV[index + 1]
  texts[#texts + 1] = text
  if byRun[run] then
    byRun[run] = byRun[run] .. ',' .. text
  else
    byRun[run] = text
    runs[#runs + 1] = run
  end
end
for _, run in ipairs(runs) do redis.call('PUBLISH', ARGV[2] .. run, '[' .. byRun[run] .. ']') end
redis.call('PUBLISH', ARGV[1], '[' .. table.concat(texts, ',') .. ']')
