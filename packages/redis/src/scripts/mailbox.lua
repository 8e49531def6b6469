-- One step of a mailbox, which one process at a time attends.
--
-- KEYS[1]  the mailbox, for example "weft:{+mailbox NAME}": a hash of holder, until (ms, by the clock here), epoch and open
-- ARGV     what to do, how long to remember (ms), holder, and for
--            attend  how long to hold it (ms)          returns 1 if it is the holder's, epoch, 1 if it is open
--            open    1 if it was found new             returns the epoch, -1 for another than the holder
--            leave   nothing more                      returns nothing that counts

local op, keepMs, who = ARGV[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local known = redis.call('HMGET', KEYS[1], 'holder', 'until', 'epoch', 'open')
local holder, epoch, isOpen = known[1], tonumber(known[3] or '0'), known[4] == '1'
if not holder or tonumber(known[2] or '0') <= now then holder, isOpen = false, false end

if op == 'attend' then
  local isMine = not holder or holder == who
  if isMine then
    redis.call('HSET', KEYS[1], 'holder', who, 'until', now + tonumber(ARGV[4]), 'open', isOpen and 1 or 0)
  end
  redis.call('PEXPIRE', KEYS[1], keepMs)
  return { isMine and 1 or 0, epoch, isOpen and 1 or 0 }
end

if holder ~= who then return -1 end
if op == 'leave' then return redis.call('HDEL', KEYS[1], 'holder', 'until', 'open') end
if ARGV[4] == '1' then epoch = epoch + 1 end
redis.call('HSET', KEYS[1], 'open', 1, 'epoch', epoch)
return epoch
