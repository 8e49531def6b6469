-- Says to those who serve any lane that messages have come. Its token may wait on no lane's list, since who serves any
-- lane cannot know all of them.
--
-- KEYS[1]  the shared base, for example "weft:{+}:"
-- ARGV     number of tokens, then the lanes
-- returns  nothing

local MOST_TOKENS = 8
redis.call('SADD', KEYS[1] .. 'lanes', unpack(ARGV, 2))
local tokens = math.min(tonumber(ARGV[1]), MOST_TOKENS - redis.call('LLEN', KEYS[1] .. 'wake'))
for _ = 1, tokens do redis.call('LPUSH', KEYS[1] .. 'wake', 1) end
