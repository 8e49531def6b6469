-- Claims up to `limit` messages for a worker (rule A3). Between priorities the oldest heads decide, by level * ageing +
-- readyAt, the lowest first; between the tenants of a priority, whose turn it is.
--
-- A claim has a number that rises within its session. One that comes late, or again, is refused, so that nothing is
-- claimed by a command that nobody waits for any more. A session that has lost the answer to a claim names it in its next
-- one: what that claim had taken goes back to the front first.
--
-- KEYS[1]  the lane's base
-- ARGV     worker, limit, ageing (ms), session, number of this claim, then the numbers of claims whose answer was lost
-- returns  how many still wait (-1: refused), then task, record ... of what was claimed

local worker, limit, ageing = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local session, number = ARGV[4], tonumber(ARGV[5])
local FENCE, CLAIMS = BASE .. 'fence:' .. session, claimsKey(worker)
local FENCE_SECONDS = 3600
-- A claim takes no more than so many: its number and the place in it are one number.
local PLACES = 1000

if number <= tonumber(call('GET', FENCE) or 0) then return { -1 } end
call('SET', FENCE, number, 'EX', FENCE_SECONDS)

local function recover()
  local lost, tasks = {}, {}
  for index = 6, #ARGV do lost[tonumber(ARGV[index])] = true end
  local claims = call('HGETALL', CLAIMS)
  for index = 1, #claims, 2 do
    if lost[math.floor((tonumber(claims[index + 1]) or 0) / PLACES)] then
      tasks[#tasks + 1] = claims[index]
      tasks[#tasks + 1] = claims[index + 1]
    end
  end
  putBackClaimed(worker, tasks)
  settle()
end
if #ARGV > 5 then recover() end

local ranks = {}
local function rank(priority)
  local head = call('ZRANGE', BASE .. 'heads:' .. priority, 0, 0, 'WITHSCORES')
  ranks[priority] = head[2] and priority * ageing + tonumber(head[2]) or nil
end
for priority = 0, 3 do rank(priority) end

local function mostUrgent()
  local best, others = nil, 0
  for priority = 0, 3 do
    if ranks[priority] then
      if best then others = others + 1 end
      if not best or ranks[priority] < ranks[best] then best = priority end
    end
  end
  return best, others == 0
end

-- A ring as it is while this script runs: its tenants by turn, from `first` on. No more of them are read than can get a
-- turn here. Tenants that went to the end get their new places when all is done.
local rings = {}
local function ringOf(priority)
  local ring = rings[priority]
  if not ring then
    local tenants = call('ZRANGE', BASE .. 'ring:' .. priority, 0, limit - 1)
    ring = { tenants = tenants, first = 1, chunk = math.ceil(limit / math.max(1, #tenants)), lists = {}, moved = {} }
    rings[priority] = ring
  end
  return ring
end

-- A list as it is while this script runs; its members are read in chunks and removed when all is done.
local function listOf(ring, priority, tenant)
  local list = ring.lists[tenant]
  if not list then
    list = { key = listKey(priority .. ':' .. tenant), members = {}, taken = 0, read = 0 }
    ring.lists[tenant] = list
  end
  return list
end

local function headOf(list, chunk)
  if list.taken == list.read then
    list.members = call('ZRANGE', list.key, list.read, list.read + chunk)
    list.offset = list.read
    list.read = list.read + #list.members
  end
  return list.members[list.taken - list.offset + 1]
end

local weighted = call('EXISTS', BASE .. 'weight') == 1

-- Whether a tenant has used up its turn with the message it has just got.
local function endsTurn(priority, tenant)
  local weight = weighted and tonumber(call('HGET', BASE .. 'weight', tenant)) or 1
  if weight <= 1 then return true end
  local name = priority .. ':' .. tenant
  local left = tonumber(call('HGET', BASE .. 'credit', name) or weight) - 1
  if left > 0 then
    call('HSET', BASE .. 'credit', name, left)
    return false
  end
  call('HDEL', BASE .. 'credit', name)
  return true
end

local popped = {}

-- Takes the next message of the tenant whose turn it is.
local function take(priority, isOnly)
  local ring = ringOf(priority)
  local tenant = ring.tenants[ring.first]
  if not tenant then
    ranks[priority] = nil
    return
  end
  local list = listOf(ring, priority, tenant)
  local head = headOf(list, ring.chunk)
  if head then
    popped[#popped + 1] = head
    list.taken = list.taken + 1
    change = change - 1
    head = headOf(list, ring.chunk)
  end
  if not head then
    ring.first = ring.first + 1
  elseif endsTurn(priority, tenant) then
    ring.first = ring.first + 1
    ring.tenants[#ring.tenants + 1] = tenant
    ring.moved[tenant] = true
  end
  if isOnly then return end
  -- Between priorities the oldest head counts, also one of a tenant whose turn it is not.
  local heads = BASE .. 'heads:' .. priority
  if head then call('ZADD', heads, readyAtOf(head), tenant) else call('ZREM', heads, tenant) end
  rank(priority)
end

while #popped < limit do
  local priority, isOnly = mostUrgent()
  if not priority then break end
  take(priority, isOnly)
end

local turns = {}
for priority, ring in pairs(rings) do
  for tenant, list in pairs(ring.lists) do
    if list.taken > 0 then call('ZREMRANGEBYRANK', list.key, 0, list.taken - 1) end
    touch(priority .. ':' .. tenant)
  end
  for index = ring.first, #ring.tenants do
    if ring.moved[ring.tenants[index]] then turns[#turns + 1] = { priority, ring.tenants[index] } end
  end
end
local turn = #turns > 0 and call('HINCRBY', COUNT, 'turn', #turns) - #turns
for index, place in ipairs(turns) do call('ZADD', BASE .. 'ring:' .. place[1], turn + index, place[2]) end

local known = read(popped)
local reply, claims = { 0 }, {}
for index, task in ipairs(popped) do
  local record = known[task]
  if record then
    claims[#claims + 1] = task
    claims[#claims + 1] = number * PLACES + index - 1
    reply[#reply + 1] = task
    reply[#reply + 1] = record
  end
end
if #claims > 0 then
  call('SADD', WORKERS, worker)
  call('HSET', CLAIMS, unpack(claims))
end

-- An empty lane needs no tokens, and what still waits needs one: so claims wake each other until nothing is left.
local waiting = finish()
local isEmpty = true
for priority = 0, 3 do isEmpty = isEmpty and call('EXISTS', BASE .. 'ring:' .. priority) == 0 end
if isEmpty then
  call('SET', WAITING, 0)
  call('DEL', WAKE)
  return reply
end
if call('LLEN', WAKE) == 0 then wake(1) end
reply[1] = math.max(waiting, 1)
return reply
