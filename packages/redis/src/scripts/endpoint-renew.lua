-- Renews the lease of a call under way; one that is lost stays so.
--
-- ARGV     behind those of the prelude: name, id of the call, lease (ms)
-- returns  nothing

local name, id = ARGV[3], ARGV[4]
countCalls(name, openEndpoint(name))
if ticketOf(name, id) then leaseCall(name, id, tonumber(ARGV[5])) end
