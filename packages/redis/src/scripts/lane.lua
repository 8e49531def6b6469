-- What the scripts of a lane share; it stands before each of them.
--
-- KEYS[1]  the lane's base, for example "weft:{default}:". All keys of the lane begin with it and lie in its slot:
--   held        hash  task -> record: attempt, readyAt, list ("P:T"), the rest of the message; a line each
--   waiting     int   how many messages wait
--   count       hash  back, front, turn: the last places given out
--   list:P:T    zset  the tasks that wait with priority P for tenant T, by place
--   ring:P      zset  the tenants that wait with priority P, by turn; the first one has it
--   heads:P     zset  the same tenants by the readyAt of the first in their list
--   weight      hash  tenant -> messages in a turn, where it is not 1
--   credit      hash  "P:T" -> what is left of a turn longer than 1
--   claims:W    hash  task -> number of the claim and place in it, for all that worker W has claimed
--   workers     set   who may have claims
--   fence:S     int   the last claim of session S; expires
--   wake        list  tokens: who pops one shall run the claim script; bounded, and any of them may be lost

local BASE = KEYS[1]
local HELD, COUNT, WAITING, WAKE = BASE .. 'held', BASE .. 'count', BASE .. 'waiting', BASE .. 'wake'
local WORKERS = BASE .. 'workers'
local CHUNK = 1000

local call = redis.call
local change = 0

local function listKey(list)
  return BASE .. 'list:' .. list
end

local function claimsKey(worker)
  return BASE .. 'claims:' .. worker
end

-- The attempt of a record; of what is none, one that any other is higher than.
local function attemptOf(record)
  return tonumber(string.match(record, '^%d+')) or 0
end

-- The list and the readyAt of a record; nothing for what is none.
local function parse(record)
  local readyAt, list = string.match(record, '^%d+\n(%-?[%d.]+)\n([0-3]:[^\n]*)\n')
  return list, readyAt
end

-- The records of these tasks by task.
local function read(tasks)
  local known = {}
  for first = 1, #tasks, CHUNK do
    local last = math.min(first + CHUNK - 1, #tasks)
    local records = call('HMGET', HELD, unpack(tasks, first, last))
    for index = first, last do known[tasks[index]] = records[index - first + 1] or nil end
  end
  return known
end

-- When a task has become ready; one without a record is as good as very old, since a claim then takes it off its list.
local function readyAtOf(task)
  local record = call('HGET', HELD, task)
  local _, readyAt = parse(record or '')
  return readyAt or 0
end

-- Puts a tenant into its ring, or out of it, as its list is now.
local function refresh(list)
  local priority, tenant = string.sub(list, 1, 1), string.sub(list, 3)
  local head = call('ZRANGE', listKey(list), 0, 0)[1]
  local ring, heads = BASE .. 'ring:' .. priority, BASE .. 'heads:' .. priority
  if not head then
    call('ZREM', ring, tenant)
    call('ZREM', heads, tenant)
    call('HDEL', BASE .. 'credit', list)
    return
  end
  call('ZADD', heads, readyAtOf(head), tenant)
  if not call('ZSCORE', ring, tenant) then call('ZADD', ring, call('HINCRBY', COUNT, 'turn', 1), tenant) end
end

local touched, touchedOnce = {}, {}
local adds = {}

local function touch(list)
  if touchedOnce[list] then return end
  touchedOnce[list] = true
  touched[#touched + 1] = list
end

-- Additions to lists are gathered, since a call costs more than what it does.
local function flush()
  for list, batch in pairs(adds) do
    for first = 1, #batch, CHUNK do
      call('ZADD', listKey(list), unpack(batch, first, math.min(first + CHUNK - 1, #batch)))
    end
  end
  adds = {}
end

-- Puts a task in its list; the record is the caller's to write.
local function place(task, list, at)
  local batch = adds[list]
  if not batch then
    batch = {}
    adds[list] = batch
    touch(list)
  end
  batch[#batch + 1] = at
  batch[#batch + 1] = task
  change = change + 1
end

-- Takes a task out of its list. Returns whether it waited there.
local function unlist(task, record)
  local list = parse(record)
  if not list then return false end
  if adds[list] then flush() end
  if call('ZREM', listKey(list), task) == 0 then return false end
  change = change - 1
  touch(list)
  return true
end

-- Takes tasks out of a worker's claims. Returns how many were there.
local function unclaim(worker, tasks)
  local count = 0
  for first = 1, #tasks, CHUNK do
    count = count + call('HDEL', claimsKey(worker), unpack(tasks, first, math.min(first + CHUNK - 1, #tasks)))
  end
  return count
end

-- Takes held tasks out of their lists, or out of the claims of whoever has them; the records are the caller's to remove.
-- Most are claimed by one worker: whom the caller names is looked at first, and only then all others.
local function detach(tasks, known, likely)
  local found = unclaim(likely, tasks)
  if found == #tasks then return end
  local claimed = {}
  for _, task in ipairs(tasks) do
    if not unlist(task, known[task]) then claimed[#claimed + 1] = task end
  end
  local left = #claimed - found
  if left == 0 then return end
  for _, worker in ipairs(call('SMEMBERS', WORKERS)) do
    left = left - unclaim(worker, claimed)
    if left == 0 then return end
  end
end

-- Brings lists, rings and claims up to date; to be called before the end of a script that has put or taken messages.
local function settle()
  flush()
  for _, list in ipairs(touched) do refresh(list) end
  touched, touchedOnce = {}, {}
end

-- The same at the end of a script. Returns how many messages wait.
local function finish()
  settle()
  if change ~= 0 then return call('INCRBY', WAITING, change) end
  return tonumber(call('GET', WAITING) or 0)
end

-- Puts tasks that the worker has claimed, whose records are given, at the front of their lists, the first of them first.
local function putBack(worker, tasks, known)
  unclaim(worker, tasks)
  local front = call('HINCRBY', COUNT, 'front', -#tasks)
  for index, task in ipairs(tasks) do place(task, parse(known[task]), front + index - 1) end
end

-- Puts these back, the oldest first, and of one age in the order in which they were claimed. `claims` are tasks of the
-- worker with their places, as a flat list. Returns how many.
local function putBackClaimed(worker, claims)
  local tasks, places, ages, mine = {}, {}, {}, {}
  for index = 1, #claims, 2 do
    tasks[#tasks + 1] = claims[index]
    places[claims[index]] = tonumber(claims[index + 1]) or 0
  end
  local known = read(tasks)
  for _, task in ipairs(tasks) do
    local list, readyAt = parse(known[task] or '')
    if list then
      ages[task] = tonumber(readyAt) or 0
      mine[#mine + 1] = task
    end
  end
  table.sort(mine, function(a, b)
    if ages[a] ~= ages[b] then return ages[a] < ages[b] end
    return places[a] < places[b]
  end)
  if #mine > 0 then putBack(worker, mine, known) end
  return #mine
end

-- No more tokens than these are needed.
local TOKENS = { 1, 1, 1, 1, 1, 1, 1, 1 }

local function wake(tokens)
  tokens = math.min(tokens, #TOKENS - call('LLEN', WAKE))
  if tokens > 0 then call('LPUSH', WAKE, unpack(TOKENS, 1, tokens)) end
end
