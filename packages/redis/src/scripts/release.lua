-- Puts claimed messages back at the front of their lists, in the order given, if the claim is still current (rule A4).
--
-- KEYS[1]  the lane's base
-- ARGV     worker, then task, attempt ...
-- returns  how many were put back

local worker = ARGV[1]
local tasks = {}
for index = 2, #ARGV, 2 do tasks[#tasks + 1] = ARGV[index] end
local known = read(tasks)
local claims = call('HMGET', claimsKey(worker), unpack(tasks))

local mine, seen = {}, {}
for index, task in ipairs(tasks) do
  local record = known[task]
  local isMine = claims[index] and record and parse(record) and attemptOf(record) == tonumber(ARGV[2 * index + 1])
  if isMine and not seen[task] then
    seen[task] = true
    mine[#mine + 1] = task
  end
end
if #mine == 0 then return 0 end

putBack(worker, mine, known)
finish()
wake(#mine)
return #mine
