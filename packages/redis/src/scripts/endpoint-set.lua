-- Closes or opens a circuit by hand. Closing it also forgets that its provider is left alone.
--
-- ARGV     behind those of the prelude: name, credential, "closed" or "open"
-- returns  nothing

local name, credential, to = ARGV[3], ARGV[4], ARGV[5]
local e = openEndpoint(name)
countCalls(name, e)
become(e, to)
saveEndpoint(name, e)
if to == 'closed' then
  local c = openCredential(credential)
  c.restUntil, c.allowed, c.allowedUntil, c.times, c.refusedUntil = 0, nil, nil, 0, 0
  saveCredential(credential, c)
end
