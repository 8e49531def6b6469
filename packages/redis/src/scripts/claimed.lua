-- What a worker has claimed and not acknowledged.
--
-- KEYS[1]  the lane's base
-- ARGV     worker
-- returns  task, record ...

local tasks = call('HKEYS', claimsKey(ARGV[1]))
local known = read(tasks)
local reply = {}
for _, task in ipairs(tasks) do
  if known[task] then
    reply[#reply + 1] = task
    reply[#reply + 1] = known[task]
  end
end
return reply
