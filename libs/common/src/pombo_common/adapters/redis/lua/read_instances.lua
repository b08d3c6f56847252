-- Record, live state and lease of each key, as of one moment: {now, record, live, owner, epoch, expires} each.
local now = now_ms()
local found = {}
for at, key in ipairs(KEYS) do
  local fields = redis.call('HMGET', key, 'record', 'live', 'owner', 'epoch', 'expires')
  found[at] = { now, unpack(fields, 1, 5) }
end
return found
