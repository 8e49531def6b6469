-- Puts back all that a dead worker has claimed, the oldest first.
--
-- KEYS[1]  the lane's base
-- ARGV     worker
-- returns  how many were put back

local worker = ARGV[1]
local count = putBackClaimed(worker, call('HGETALL', claimsKey(worker)))
finish()
if count > 0 then wake(count) end
call('DEL', claimsKey(worker))
call('SREM', WORKERS, worker)
return count
