-- ARGV: owner, epoch, seconds. Answers 1 when the lease is still held.
local now = now_ms()
local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'expires')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or tonumber(held[3] or '0') <= now then
  return 0
end
redis.call('HSET', KEYS[1], 'expires', string.format('%.0f', now + to_ms(ARGV[3])))
return 1
