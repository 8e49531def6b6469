-- How urgent a lane is, for a claim that chooses between lanes.
--
-- KEYS[1]  the lane's base
-- ARGV     ageing (ms)
-- returns  how many wait, and the lowest level * ageing + readyAt as a text

local ageing = tonumber(ARGV[1])
local lowest = nil
for priority = 0, 3 do
  local head = call('ZRANGE', BASE .. 'heads:' .. priority, 0, 0, 'WITHSCORES')
  local rank = head[2] and priority * ageing + tonumber(head[2])
  if rank and (not lowest or rank < lowest) then lowest = rank end
end
-- The number may be wrong where others wrote into the lane; that something waits is certain.
return { math.max(tonumber(call('GET', WAITING) or 0), lowest and 1 or 0), lowest and string.format('%.3f', lowest) or '' }
