-- Puts claimed messages back at the front of their lists, in the order given, if the claim is still current (rule A4).
--
-- KEYS[1]  the lane's base
-- ARGV     worker, then task, attempt ...
-- returns  how many were put back

local worker = ARGV[1]
local tasks = {}
for index = 2, #ARGV, 2 do tasks[#tasks + 1] = ARGV[index] end
local known = read(tasks)

local mine, seen = {}, {}
for index = 2, #ARGV, 2 do
  local task = ARGV[index]
  local held = known[task]
  if held and not seen[task] and held.worker == worker and held.attempt == tonumber(ARGV[index + 1]) then
    seen[task] = true
    mine[#mine + 1] = task
  end
end
if #mine == 0 then return 0 end

putBack(mine, known)
finish()
wake(#mine)
return #mine
