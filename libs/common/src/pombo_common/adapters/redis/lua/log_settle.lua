-- KEYS: instance, log, cursors, sinks, dead.
-- ARGV: instance id, destination, token, next, prev, attempts, not before, seconds to keep ('' ends the claim),
-- dead letter, dead letter, ... Answers 0 when the claim was lost, 2 when nothing is left of a deleted instance.
local instance, log, cursors, sinks, dead = unpack(KEYS)
local line = redis.call('HGET', cursors, ARGV[2])
if not line or parse_cursor(line).token ~= ARGV[3] then
  return 0
end
local keep = ARGV[8] ~= ''
redis.call('HSET', cursors, ARGV[2], format_cursor({
  next = tonumber(ARGV[4]), prev = tonumber(ARGV[5]), attempts = tonumber(ARGV[6]), not_before = tonumber(ARGV[7]),
  claimed_until = keep and now_ms() + to_ms(ARGV[8]) or 0, token = keep and ARGV[3] or '',
}))
for at = 9, #ARGV do
  redis.call('RPUSH', dead, ARGV[at])
end
if redis.call('HGET', instance, 'id') ~= ARGV[1] then
  if #due_destinations(cursors, log) == 0 then
    redis.call('UNLINK', log, cursors, sinks, dead)
    return 2
  end
  if redis.call('PTTL', dead) == -1 then -- the first dead letter since the deletion: it ends with the log
    redis.call('PEXPIRE', dead, redis.call('PTTL', log))
  end
end
return 1
