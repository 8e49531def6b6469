-- One step of a request whose answer comes by another way than it went.
--
-- KEYS[1]  the request, for example "weft:{+reply ID}": a hash of send, reply and note
-- ARGV     what to do, how long to remember (ms), and for
--            open    nothing more                      returns send, reply or false, note or false
--            note    send, note (JSON)                 returns 1, 0 for a send that is over
--            put     send, reply (JSON)                returns kept, repeated, late or unasked
--            reopen  send                              returns 1, 0 for a send that is over

local UNASKED_MS = 3600000
local op, keepMs, given = ARGV[1], ARGV[2], tonumber(ARGV[3])
local send = tonumber(redis.call('HGET', KEYS[1], 'send') or '0')

if op == 'open' then
  if send == 0 then redis.call('HSET', KEYS[1], 'send', 1) end
  redis.call('PEXPIRE', KEYS[1], keepMs)
  return redis.call('HMGET', KEYS[1], 'send', 'reply', 'note')
end

if op == 'put' then
  if given < send then return 'late' end
  if given == send then return redis.call('HSETNX', KEYS[1], 'reply', ARGV[4]) == 1 and 'kept' or 'repeated' end
  redis.call('HDEL', KEYS[1], 'note')
  redis.call('HSET', KEYS[1], 'send', given, 'reply', ARGV[4])
  if send > 0 then return 'kept' end
  redis.call('PEXPIRE', KEYS[1], UNASKED_MS)
  return 'unasked'
end

if given ~= send then return 0 end
if op == 'note' then
  redis.call('HSET', KEYS[1], 'note', ARGV[4])
else
  redis.call('HDEL', KEYS[1], 'reply', 'note')
  redis.call('HSET', KEYS[1], 'send', send + 1)
end
return 1
