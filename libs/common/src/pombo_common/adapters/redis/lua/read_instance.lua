-- Record, live state and lease as of one moment.
local fields = redis.call('HMGET', KEYS[1], 'record', 'live', 'owner', 'epoch', 'expires')
return { now_ms(), unpack(fields, 1, 5) }
