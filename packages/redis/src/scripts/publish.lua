-- Acknowledges, then adds: one task is added if it is not held, or held with a lower attempt (rule A2).
--
-- KEYS[1]  the lane's base
-- ARGV     number of acks, number of weights, who has probably claimed what is acknowledged,
--          acks: task, attempt ...; weights: tenant, weight ...; messages: task, record ...
-- returns  how many were added

local ackCount, weightCount = tonumber(ARGV[1]), tonumber(ARGV[2])
local likely = ARGV[3]
local weightsAt = 4 + 2 * ackCount
local messagesAt = weightsAt + 2 * weightCount

local tasks = {}
for index = 4, weightsAt - 1, 2 do tasks[#tasks + 1] = ARGV[index] end
for index = messagesAt, #ARGV, 2 do tasks[#tasks + 1] = ARGV[index] end
local known = read(tasks)

local gone, left = {}, {}
for index = 4, weightsAt - 1, 2 do
  local task = ARGV[index]
  local held = known[task]
  if held and attemptOf(held) <= tonumber(ARGV[index + 1]) then
    gone[#gone + 1] = task
    left[task] = held
    known[task] = nil
  end
end
if #gone > 0 then
  detach(gone, left, likely)
  call('HDEL', HELD, unpack(gone))
  if call('EXISTS', HELD) == 0 then call('DEL', WORKERS) end
end

for index = weightsAt, messagesAt - 1, 2 do
  local tenant, weight = ARGV[index], tonumber(ARGV[index + 1])
  if weight > 1 then call('HSET', BASE .. 'weight', tenant, weight) else call('HDEL', BASE .. 'weight', tenant) end
end

local count = (#ARGV - messagesAt + 1) / 2
local back = count > 0 and call('HINCRBY', COUNT, 'back', count) - count or 0
local added = 0
local sets = {}
for index = messagesAt, #ARGV, 2 do
  local task, record = ARGV[index], ARGV[index + 1]
  local held, list = known[task], parse(record)
  if list and not (held and attemptOf(held) >= attemptOf(record)) then
    if held then detach({ task }, known, likely) end
    back = back + 1
    place(task, list, back)
    known[task] = record
    sets[#sets + 1] = task
    sets[#sets + 1] = record
    added = added + 1
  end
end
if #sets > 0 then call('HSET', HELD, unpack(sets)) end

finish()
if added > 0 then wake(added) end
return added
