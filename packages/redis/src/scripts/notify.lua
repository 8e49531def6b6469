-- Publishes many messages in one command. A subscriber counts, not a key: the base only says where the script runs.
--
-- KEYS[1]  the shared base, for example "weft:{+}:"
-- ARGV     channel, text ...
-- returns  nothing

for index = 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[index], ARGV[index + 1]) end
