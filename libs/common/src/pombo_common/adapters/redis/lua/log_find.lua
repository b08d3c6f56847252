-- ARGV: mark of the event's id, seq to look back from (0: the last), most events, most bytes.
-- Answers {seq, event}, or {seq to look back from next}, or nothing when all were looked at.
local head, tail = log_ends(KEYS[1])
local from, bytes = tonumber(ARGV[2]), tonumber(ARGV[4])
if from == 0 then
  from = head
end
local lowest = math.max(tail, from - tonumber(ARGV[3]) + 1)
for seq = from, lowest, -1 do
  local event = redis.call('HGET', KEYS[1], string.format('%.0f', seq)) or ''
  if has_mark(event, ARGV[1]) then
    return { seq, event }
  end
  bytes = bytes - #event
  if bytes <= 0 or seq == lowest then
    return seq > tail and { seq - 1 }
  end
end
return false
