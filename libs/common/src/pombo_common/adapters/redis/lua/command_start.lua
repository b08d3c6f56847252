-- ARGV: fingerprint, not after, lifetime in ms, token, the same body's other fingerprints. Answers {verdict, record, token of an earlier try or ''}.
local key = KEYS[1]
if redis.call('EXISTS', key) == 0 then
  keep_pending(key, ARGV[1], ARGV[2], ARGV[3])
end
local kept = command_fields(key)
local verdict, resumed = 'started', ''
local same = kept[1] == ARGV[1]
for place = 5, #ARGV do
  same = same or kept[1] == ARGV[place]
end
if not same then
  verdict = 'conflict'
elseif kept[3] == 'finished' or kept[3] == 'cancelled' then
  verdict = kept[3]
elseif kept[3] == 'pending' and now_ms() > tonumber(kept[2]) then
  redis.call('HSET', key, 'state', 'cancelled')
  verdict = 'cancelled'
else
  resumed = kept[3] == 'started' and redis.call('HGET', key, 'token') or ''
  redis.call('HSET', key, 'state', 'started', 'token', ARGV[4])
  redis.call('PEXPIRE', key, ARGV[3])
end
return { verdict, command_fields(key), resumed }
