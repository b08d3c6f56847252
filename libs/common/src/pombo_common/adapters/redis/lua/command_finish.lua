-- ARGV: token, outcome, lifetime in ms. Answers 1 when the try was still the one that counts.
local kept = redis.call('HMGET', KEYS[1], 'state', 'token')
if kept[1] ~= 'started' or kept[2] ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'state', 'finished', 'outcome', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
