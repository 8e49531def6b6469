-- Puts back all that a dead worker has claimed, the oldest first.
--
-- KEYS[1]  the lane's base
-- ARGV     worker
-- returns  how many were put back

local worker = ARGV[1]
local claims = call('HGETALL', BASE .. 'claims:' .. worker)
local tasks = {}
for index = 1, #claims, 2 do tasks[#tasks + 1] = claims[index] end

local count = putBackClaimed(worker, tasks, claims)
finish()
if count > 0 then wake(count) end
call('DEL', BASE .. 'claims:' .. worker)
return count
