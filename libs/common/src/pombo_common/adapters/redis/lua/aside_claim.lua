-- KEYS: sinks, lanes, waiting, parked. ARGV: destination, token, seconds, most events, most bytes.
-- Answers {settings, when the first of the others is due (0: there are none), now, member, not before, what is said, event,
-- ...} or nothing.
local sinks, lanes, waiting, parked = unpack(KEYS)
local now = now_ms()
local settings = redis.call('HGET', sinks, ARGV[1])
local claim = 'asides ' .. ARGV[1]
if not settings or lane_claimed(redis.call('HGET', lanes, claim), now, ARGV[2]) then
  return false
end
local prefix, answer, left = ARGV[1] .. ' ', { settings, 0, now }, tonumber(ARGV[5])
local due = redis.call('ZRANGE', waiting, 0, -1, 'WITHSCORES')
for at = 1, #due, 2 do
  if string.sub(due[at], 1, #prefix) == prefix then
    if tonumber(due[at + 1]) > now or #answer > 4 * tonumber(ARGV[4]) or left <= 0 then
      answer[2] = tonumber(due[at + 1])
      break
    end
    local said, event = unpack(redis.call('HMGET', parked, 'm ' .. due[at], 'b ' .. due[at]))
    for _, part in ipairs({ due[at], due[at + 1], said, event }) do
      answer[#answer + 1] = part
    end
    left = left - #(event or '')
  end
end
if #answer == 3 then
  return false
end
redis.call('HSET', lanes, claim, format_lane(now + to_ms(ARGV[3]), ARGV[2]))
return answer
