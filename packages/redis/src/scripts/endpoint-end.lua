-- Ends a call. Of one that is not known any more only what it has learned of its provider counts.
--
-- ARGV     behind those of the prelude: name, credential, id of the call, verdict, latency (ms), tokens, and, each empty if the
--          endpoint did not say: how long it wants to be left alone (ms), requests left, for how long (ms); then 1 if its
--          provider refuses everything
-- returns  nothing

local name, credential, id, verdict = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local latencyMs, used, restMs, left, leftMs = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local isProviderWide = ARGV[12] == '1'

local function bounded(ms) return math.min(math.max(0, math.ceil(ms)), LONGEST_REST) end

local e, c = openEndpoint(name), openCredential(credential)
countCalls(name, e)
local ticket = ticketOf(name, id)

if isProviderWide then
  if now >= c.refusedUntil then
    c.refusedUntil = now + rules.backoffMs[math.min(c.times, #rules.backoffMs - 1) + 1]
    c.times = c.times + 1
  end
elseif verdict == 'succeeded' then
  c.times, c.refusedUntil = 0, 0
end
if restMs then c.restUntil = math.max(c.restUntil, now + bounded(restMs)) end
if left then c.allowed, c.allowedUntil = left, now + bounded(leftMs) end

if ticket then
  dropCall(name, id)
  reportCircuit(e, ticket.generation, verdict)
  if verdict == 'succeeded' then
    e.succeeded = e.succeeded + 1
    e.latencyMs = smoothed(e.latencyMs, latencyMs)
    e.retries = math.min(rules.retry.most, e.retries + rules.retry.perSuccess)
  elseif verdict == 'failed' then
    e.failed = e.failed + 1
  end
  saveEndpoint(name, e)
  if used ~= ticket.tokens then
    count(c.tokens, used < ticket.tokens and ticket.second or second, used - ticket.tokens, MINUTE)
  end
end
saveCredential(credential, c)
