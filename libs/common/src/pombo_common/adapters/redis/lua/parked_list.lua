-- KEYS: sorted set, parked. ARGV: score above which ('-inf' for all), most. Answers {member, score, said, kept, ...}.
local above = ARGV[1] == '-inf' and '-inf' or '(' .. ARGV[1]
local found = redis.call('ZRANGEBYSCORE', KEYS[1], above, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local answer = {}
for at = 1, #found, 2 do
  answer[#answer + 1] = found[at]
  answer[#answer + 1] = found[at + 1]
  answer[#answer + 1] = redis.call('HGET', KEYS[2], 'm ' .. found[at])
  answer[#answer + 1] = redis.call('HEXISTS', KEYS[2], 'b ' .. found[at])
end
return answer
