-- What a worker has claimed and not acknowledged.
--
-- KEYS[1]  the lane's base
-- ARGV     worker
-- returns  the messages

local worker = ARGV[1]
local tasks = call('HKEYS', BASE .. 'claims:' .. worker)
local known = read(tasks)
local messages = {}
for _, task in ipairs(tasks) do
  local held = known[task]
  if held and held.worker == worker then messages[#messages + 1] = messageOf(held) end
end
return messages
