-- ARGV: instance id, owner, epoch, channel to tell when the instance is wanted. The epoch stays, so that the next one is higher.
local held = redis.call('HMGET', KEYS[1], 'id', 'owner', 'epoch', 'wanted')
if held[1] == ARGV[1] and held[2] == ARGV[2] and held[3] == ARGV[3] then
  redis.call('HSET', KEYS[1], 'expires', '0')
  if held[4] == '1' then
    redis.call('PUBLISH', ARGV[4], '')
  end
end
return 1
