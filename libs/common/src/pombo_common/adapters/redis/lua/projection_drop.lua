-- KEYS: projection. ARGV: member, time before which it must have been added to go.
local added = redis.call('ZSCORE', KEYS[1], ARGV[1])
if added and tonumber(added) < tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
