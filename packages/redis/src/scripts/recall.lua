-- Puts back all that a dead worker has claimed, the oldest first.
--
-- KEYS[1]  the lane's base
-- ARGV     worker
-- returns  how many were put back

local worker = ARGV[1]
local tasks = call('HKEYS', BASE .. 'claims:' .. worker)
local known = read(tasks)

local mine = {}
for _, task in ipairs(tasks) do
  if known[task] and known[task].worker == worker then mine[#mine + 1] = task end
end
table.sort(mine, function(a, b) return tonumber(known[a].readyAt) < tonumber(known[b].readyAt) end)
if #mine > 0 then
  putBack(mine, known)
  finish()
  wake(#mine)
end
call('DEL', BASE .. 'claims:' .. worker)
return #mine
