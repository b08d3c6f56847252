-- ARGV: instance id. Answers {now, 1 when the instance exists, 1 when it is wanted and nobody holds its lease}
local now = now_ms()
local fields = redis.call('HMGET', KEYS[1], 'id', 'wanted', 'expires')
local free = tonumber(fields[3] or '0') <= now
return { now, fields[1] == ARGV[1] and 1 or 0, (fields[2] == '1' and free) and 1 or 0 }
