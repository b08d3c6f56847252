-- KEYS: cursors, sinks, log, lanes. ARGV: destination, token, seconds, most events, most bytes.
-- Answers {settings, next, prev, attempts, not before, held, head, now, events} or nothing.
local cursors, sinks, log, lanes = unpack(KEYS)
local now = now_ms()
local line = redis.call('HGET', cursors, ARGV[1])
local settings = redis.call('HGET', sinks, ARGV[1])
if not line or not settings then
  return false
end
local cursor = parse_cursor(line)
local head = log_ends(log)
if cursor.next > head or cursor.not_before > now or (claimed(cursor, now) and cursor.token ~= ARGV[2]) then
  return false
end
cursor.claimed_until, cursor.token = now + to_ms(ARGV[3]), ARGV[2]
redis.call('HSET', cursors, ARGV[1], format_cursor(cursor))
return {
  settings, cursor.next, cursor.prev, cursor.attempts, cursor.not_before,
  redis.call('HGET', lanes, 'held ' .. ARGV[1]) or '', head, now,
  read_events(log, cursor.next, tonumber(ARGV[4]), tonumber(ARGV[5])),
}
