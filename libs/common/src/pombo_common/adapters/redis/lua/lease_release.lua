-- ARGV: instance id, epoch. The epoch stays, so that the next one is higher.
local held = redis.call('HMGET', KEYS[1], 'id', 'epoch')
if held[1] == ARGV[1] and held[2] == ARGV[2] then
  redis.call('HSET', KEYS[1], 'expires', '0')
end
return 1
