-- KEYS: projection. ARGV: member. Answers the time under which it stands there now.
local now = now_ms()
redis.call('ZADD', KEYS[1], 'GT', string.format('%.0f', now), ARGV[1])
return tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]))
