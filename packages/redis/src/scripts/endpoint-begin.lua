-- Begins a call: takes a place, a trial of the circuit, a request and tokens of the credential, and a retry if it is one; or
-- nothing of all that.
--
-- ARGV     behind those of the prelude: name, credential, most calls at once, requests a minute and tokens a minute (empty: no
--          limit), id of the call, tokens that it may need, lease (ms), 1 if it is a retry
-- returns  "granted", or { why not, how long to wait at least (ms) }

local name, credential, most, limits = ARGV[3], ARGV[4], tonumber(ARGV[5]), limitsAt(6)
local id, tokens, leaseMs, isRetry = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11] == '1'

local e, c = openEndpoint(name), openCredential(credential)
local running = countCalls(name, e)
if ticketOf(name, id) then
  leaseCall(name, id, leaseMs)
  return 'granted'
end

if circuitRoom(e, running) < 1 then
  return { 'circuit_open', e.openUntil and e.openUntil - now or rules.askAgainMs }
end
if now < c.refusedUntil then return { 'circuit_open', c.refusedUntil - now } end
if running >= most then return { 'full', rules.askAgainMs } end
local rateMs = waitForRates(c, limits, tokens)
if rateMs > 0 then return { 'rate_limited', rateMs } end
if isRetry and e.retries < 1 - 1e-6 then
  return { 'retry_budget', math.ceil((1 - e.retries) / rules.retry.perSecond * 1000) }
end

local taken = charged(tokens, limits)
redis.call('HSET', base .. 'tickets ' .. name, id, string.format('%d %.0f %.0f', e.generation, taken, second))
leaseCall(name, id, leaseMs)
if e.status == 'half_open' then e.trials = e.trials + 1 end
if isRetry then e.retries = e.retries - 1 end
e.asked = math.floor(smoothed(e.asked, taken) + 0.5)
saveEndpoint(name, e)
count(c.requests, second, 1, MINUTE)
if taken > 0 then count(c.tokens, second, taken, MINUTE) end
if c.allowedUntil then
  if now >= c.allowedUntil then c.allowed, c.allowedUntil = nil, nil else c.allowed = c.allowed - 1 end
end
saveCredential(credential, c)
return 'granted'
