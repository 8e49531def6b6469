-- How endpoints are.
--
-- ARGV     behind those of the prelude, for each endpoint: name, credential, most calls at once, requests a minute and
--          tokens a minute (empty: no limit)
-- returns  for each endpoint an EndpointLoad as JSON; what is null is left out

local reply = {}
for at = 3, #ARGV, 5 do
  local name, most, limits = ARGV[at], tonumber(ARGV[at + 2]), limitsAt(at + 3)
  local e, c = openEndpoint(name), openCredential(ARGV[at + 1])
  local running, asked = countCalls(name, e), e.asked or 0
  local isLeftAlone = now < c.refusedUntil
  local room = math.min(most - running, isLeftAlone and 0 or circuitRoom(e, running), roomInRates(c, limits, asked))
  local freeAt = math.max(e.openUntil or 0, c.refusedUntil, now + waitForRates(c, limits, asked))
  local circuit = e.status
  if isLeftAlone then circuit = 'open' elseif circuit == 'closed' and isCareful(e) then circuit = 'half_open' end
  reply[#reply + 1] = cjson.encode({
    running = running, latencyMs = e.latencyMs, circuit = circuit, freeAt = freeAt > now and freeAt or nil,
    room = math.max(0, room), succeeded = e.succeeded, failed = e.failed,
  })
end
return reply
