-- Claims up to `limit` messages for a worker (rule A3). Between priorities the oldest heads decide, by level * ageing +
-- readyAt, the lowest first; between the tenants of a priority, whose turn it is.
--
-- A claim has a number that rises within its session. One that comes late, or again, is refused, so that nothing is
-- claimed by a command that nobody waits for any more. A session that has lost the answer to a claim names it in its next
-- one: what that claim had taken goes back to the front first.
--
-- KEYS[1]  the lane's base
-- ARGV     worker, limit, ageing (ms), session, number of this claim, then the numbers of claims whose answer was lost
-- returns  how many still wait (-1: refused), then task, message ... of what was claimed

local worker, limit, ageing = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local session, number = ARGV[4], tonumber(ARGV[5])
local FENCE, CLAIMS = BASE .. 'fence:' .. session, BASE .. 'claims:' .. worker
local FENCE_SECONDS = 3600

if number <= tonumber(call('GET', FENCE) or 0) then return { -1 } end
call('SET', FENCE, number, 'EX', FENCE_SECONDS)

local function recover()
  local lost, tasks = {}, {}
  for index = 6, #ARGV do lost[session .. '.' .. ARGV[index]] = true end
  local claims = call('HGETALL', CLAIMS)
  for index = 1, #claims, 2 do
    if lost[string.match(claims[index + 1], '^(.-) ')] then tasks[#tasks + 1] = claims[index] end
  end
  putBackClaimed(worker, tasks, claims)
  for _, held in ipairs(touched) do refresh(held.priority, held.tenant) end
  touched, touchedOnce = {}, {}
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

local weighted = call('EXISTS', BASE .. 'weight') == 1

-- A tenant that has used up its turn goes to the end of the ring.
local function countTurn(priority, tenant)
  local weight = weighted and tonumber(call('HGET', BASE .. 'weight', tenant)) or 1
  local name = priority .. ':' .. tenant
  if weight > 1 then
    local left = tonumber(call('HGET', BASE .. 'credit', name) or weight) - 1
    if left > 0 then return call('HSET', BASE .. 'credit', name, left) end
    call('HDEL', BASE .. 'credit', name)
  end
  call('ZADD', BASE .. 'ring:' .. priority, call('HINCRBY', COUNT, 'turn', 1), tenant)
end

local popped = {}
while #popped < limit do
  local priority, isOnly = mostUrgent()
  if not priority then break end
  local ring = BASE .. 'ring:' .. priority
  local first = call('ZRANGE', ring, 0, 1)
  local tenant = first[1]
  -- Where there is nobody to take turns with, all is taken at once.
  local share = (isOnly and not first[2]) and limit - #popped or 1
  local members = call('ZPOPMIN', listKey(priority, tenant), share)
  for index = 1, #members, 2 do popped[#popped + 1] = string.match(members[index], '^.-:(.*)$') end
  change = change - #members / 2
  if first[2] then countTurn(priority, tenant) end
  refresh(priority, tenant)
  rank(priority)
end

local known = read(popped)
local claim = session .. '.' .. number
local reply, sets, claims = { 0 }, {}, {}
for index, task in ipairs(popped) do
  local held = known[task]
  if held and held.worker == '' then
    held.worker = worker
    write(task, held)
    claims[#claims + 1] = task
    claims[#claims + 1] = claim .. ' ' .. index
    reply[#reply + 1] = task
    reply[#reply + 1] = held.message
  end
end
if #claims > 0 then call('HSET', CLAIMS, unpack(claims)) end

-- An empty lane needs no tokens, and what still waits needs one: so claims wake each other until nothing is left.
local waiting = finish()
if not mostUrgent() then
  call('SET', WAITING, 0)
  call('DEL', WAKE)
  return reply
end
if call('LLEN', WAKE) == 0 then wake(1) end
reply[1] = waiting
return reply
