-- KEYS: log, cursors, sinks, lanes. Answers {head, name, settings, next, prev, attempts, not before, held, first, ...}.
local log, cursors, sinks, lanes = unpack(KEYS)
local answer = { (log_ends(log)) }
local lines = redis.call('HGETALL', cursors)
for at = 1, #lines, 2 do
  local name, cursor = lines[at], parse_cursor(lines[at + 1])
  local kept = redis.call('HMGET', lanes, 'held ' .. name, 'first ' .. name)
  for _, part in ipairs({
    name, redis.call('HGET', sinks, name) or '', cursor.next, cursor.prev, cursor.attempts, cursor.not_before,
    kept[1] or '', tonumber(kept[2] or '1'),
  }) do
    answer[#answer + 1] = part
  end
end
return answer
