-- Which attempt of each task is held, waiting or claimed.
--
-- KEYS[1]  the lane's base
-- ARGV     tasks
-- returns  for each its attempt, or nil

local known = read(ARGV)
local attempts = {}
for index, task in ipairs(ARGV) do attempts[index] = known[task] and attemptOf(known[task]) or false end
return attempts
