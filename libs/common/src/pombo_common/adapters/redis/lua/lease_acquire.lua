-- ARGV: instance id, owner, seconds, the last epoch that the owner had. Answers the new epoch or nothing.
local now = now_ms()
local held = redis.call('HMGET', KEYS[1], 'id', 'owner', 'expires', 'epoch')
if held[1] ~= ARGV[1] then
  return false
end
if tonumber(held[3] or '0') > now and held[2] ~= ARGV[2] then
  return false
end
local expires = string.format('%.0f', now + to_ms(ARGV[3]))
local epoch = math.max(tonumber(held[4] or '0'), tonumber(ARGV[4])) + 1
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'expires', expires, 'epoch', string.format('%.0f', epoch))
return epoch
