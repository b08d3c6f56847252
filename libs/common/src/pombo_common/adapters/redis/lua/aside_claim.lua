-- KEYS: sinks, lanes, waiting, parked. ARGV: destination, token, seconds, most events.
-- Answers {settings, member, not before, what is said, event, ...} or nothing.
local sinks, lanes, waiting, parked = unpack(KEYS)
local now = now_ms()
local settings = redis.call('HGET', sinks, ARGV[1])
local claim = 'asides ' .. ARGV[1]
if not settings or lane_claimed(redis.call('HGET', lanes, claim), now, ARGV[2]) then
  return false
end
local prefix, answer = ARGV[1] .. ' ', { settings }
local due = redis.call('ZRANGEBYSCORE', waiting, '-inf', string.format('%.0f', now), 'WITHSCORES')
for at = 1, #due, 2 do
  if string.sub(due[at], 1, #prefix) == prefix and #answer < 4 * tonumber(ARGV[4]) then
    for _, part in ipairs({ due[at], due[at + 1], unpack(redis.call('HMGET', parked, 'm ' .. due[at], 'b ' .. due[at])) }) do
      answer[#answer + 1] = part
    end
  end
end
if #answer == 1 then
  return false
end
redis.call('HSET', lanes, claim, format_lane(now + to_ms(ARGV[3]), ARGV[2]))
return answer
