-- What the scripts of a lane share; it stands before each of them.
--
-- KEYS[1]  the lane's base, for example "weft:{default}:". All keys of the lane begin with it and lie in its slot:
--   held        hash  task -> record: attempt, priority, readyAt, worker ("" = waits), tenant, message; a line each
--   waiting     int   how many messages wait
--   count       hash  back, front, turn: the last places given out
--   list:P:T    zset  "readyAt:task" of what waits with priority P for tenant T, by place
--   ring:P      zset  the tenants that wait with priority P, by turn; the first one has it
--   heads:P     zset  the same tenants by the readyAt of the first in their list
--   weight      hash  tenant -> messages in a turn, where it is not 1
--   credit      hash  "P:T" -> what is left of a turn longer than 1
--   claims:W    hash  task -> claim and place in it, for all that worker W has claimed
--   fence:S     int   the last claim of session S; expires
--   wake        list  tokens: who pops one shall run the claim script; bounded, and any of them may be lost

local BASE = KEYS[1]
local HELD, COUNT, WAITING, WAKE = BASE .. 'held', BASE .. 'count', BASE .. 'waiting', BASE .. 'wake'
local MOST_TOKENS = 8
local CHUNK = 1000

local call = redis.call
local change = 0

local function listKey(priority, tenant)
  return BASE .. 'list:' .. priority .. ':' .. tenant
end

-- The message itself is not cut out before it is wanted: most scripts only look at what stands before it.
local function parse(record)
  local attempt, priority, readyAt, worker, tenant, at =
    string.match(record, '^(%d+)\n([0-3])\n(%-?[%d.]+)\n([^\n]*)\n([^\n]*)\n()')
  if not attempt then return nil end
  return {
    attempt = tonumber(attempt), priority = priority, readyAt = readyAt, worker = worker, tenant = tenant,
    record = record, at = at,
  }
end

local function messageOf(held)
  return string.sub(held.record, held.at)
end

local function recordOf(held)
  local lines = { held.attempt, held.priority, held.readyAt, held.worker, held.tenant, messageOf(held) }
  return table.concat(lines, '\n')
end

-- The records of these tasks by task; what is no record is as good as not there.
local function read(tasks)
  local known = {}
  for first = 1, #tasks, CHUNK do
    local last = math.min(first + CHUNK - 1, #tasks)
    local records = call('HMGET', HELD, unpack(tasks, first, last))
    for index = first, last do
      local record = records[index - first + 1]
      known[tasks[index]] = record and parse(record) or nil
    end
  end
  return known
end

-- Puts a tenant into its ring, or out of it, as its list is now.
local function refresh(priority, tenant)
  local head = call('ZRANGE', listKey(priority, tenant), 0, 0)[1]
  local ring, heads = BASE .. 'ring:' .. priority, BASE .. 'heads:' .. priority
  if not head then
    call('ZREM', ring, tenant)
    call('ZREM', heads, tenant)
    call('HDEL', BASE .. 'credit', priority .. ':' .. tenant)
    return
  end
  call('ZADD', heads, string.match(head, '^(.-):'), tenant)
  if not call('ZSCORE', ring, tenant) then call('ZADD', ring, call('HINCRBY', COUNT, 'turn', 1), tenant) end
end

local touched, touchedOnce = {}, {}
local adds, drops = {}, {}

local function touch(held)
  local name = held.priority .. ':' .. held.tenant
  if touchedOnce[name] then return end
  touchedOnce[name] = true
  touched[#touched + 1] = held
end

-- Additions to lists and removals from claims are gathered, since a call costs more than what it does.
local function gather(batches, key, ...)
  local batch = batches[key] or {}
  batches[key] = batch
  for _, value in ipairs({ ... }) do batch[#batch + 1] = value end
end

local function flush()
  for key, batch in pairs(adds) do call('ZADD', key, unpack(batch)) end
  for key, batch in pairs(drops) do call('HDEL', key, unpack(batch)) end
  adds, drops = {}, {}
end

-- Puts a message in its list; the record is the caller's to write.
local function place(task, held, at)
  gather(adds, listKey(held.priority, held.tenant), at, held.readyAt .. ':' .. task)
  change = change + 1
  touch(held)
end

-- Takes a task out of its list or its worker's claims; the record is the caller's to remove.
local function detach(task, held)
  if held.worker ~= '' then return gather(drops, BASE .. 'claims:' .. held.worker, task) end
  local key = listKey(held.priority, held.tenant)
  if adds[key] then flush() end
  if call('ZREM', key, held.readyAt .. ':' .. task) == 1 then
    change = change - 1
    touch(held)
  end
end

-- Brings lists, rings and claims up to date; to be called before the end of a script that has put or taken messages.
local function settle()
  flush()
  for _, held in ipairs(touched) do refresh(held.priority, held.tenant) end
  touched, touchedOnce = {}, {}
end

-- The same at the end of a script. Returns how many messages wait.
local function finish()
  settle()
  if change ~= 0 then return call('INCRBY', WAITING, change) end
  return tonumber(call('GET', WAITING) or 0)
end

-- Puts claimed tasks, whose records are given, at the front of their lists, the first of them first.
local function putBack(tasks, known)
  local front = call('HINCRBY', COUNT, 'front', -#tasks)
  for index, task in ipairs(tasks) do
    local held = known[task]
    detach(task, held)
    held.worker = ''
    call('HSET', HELD, task, recordOf(held))
    place(task, held, front + index - 1)
  end
end

-- Puts back those of these tasks that the worker still holds, the oldest first, and of one age in the order in which they
-- were claimed. `claims` are the worker's, as a flat list. Returns how many.
local function putBackClaimed(worker, tasks, claims)
  local known, mine, places = read(tasks), {}, {}
  for index = 1, #claims, 2 do places[claims[index]] = tonumber(string.match(claims[index + 1], ' (%d+)$')) or 0 end
  for _, task in ipairs(tasks) do
    if known[task] and known[task].worker == worker then mine[#mine + 1] = task end
  end
  table.sort(mine, function(a, b)
    local ageA, ageB = tonumber(known[a].readyAt), tonumber(known[b].readyAt)
    if ageA ~= ageB then return ageA < ageB end
    return places[a] < places[b]
  end)
  if #mine > 0 then putBack(mine, known) end
  return #mine
end

local function wake(tokens)
  tokens = math.min(tokens, MOST_TOKENS - call('LLEN', WAKE))
  for _ = 1, tokens do call('LPUSH', WAKE, 1) end
end
