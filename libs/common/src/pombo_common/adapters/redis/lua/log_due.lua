-- KEYS: cursors, log, lanes, waiting. Answers {now, how much is due, name, not before, 1 when aside, ...}; of those that
-- are claimed nothing is named.
local cursors, log, lanes, waiting = unpack(KEYS)
local now = now_ms()
local due = due_destinations(cursors, log)
local asides = redis.call('ZRANGE', waiting, 0, -1, 'WITHSCORES')
local answer = { now, #due + #asides }
for _, destination in ipairs(due) do
  if not claimed(destination.cursor, now) then
    answer[#answer + 1] = destination.name
    answer[#answer + 1] = destination.cursor.not_before
    answer[#answer + 1] = 0
  end
end
local seen = {}
for at = 1, #asides, 2 do
  local name = string.match(asides[at], '^(.*) %d+$')
  if not seen[name] then
    seen[name] = true
    if not lane_claimed(redis.call('HGET', lanes, 'asides ' .. name), now) then
      answer[#answer + 1] = name
      answer[#answer + 1] = tonumber(asides[at + 1])
      answer[#answer + 1] = 1
    end
  end
end
return answer
