-- KEYS: instance, then what outlives it: log, cursors, sinks, lanes, waiting, letters, parked.
-- ARGV: instance id, destination, seq, event id, what is said of it when it comes from the log, time of the
-- projection's entry, how old it may be, mark of the event's id. Answers the verdict.
local instance, log, cursors, sinks, lanes, waiting, letters, parked = unpack(KEYS)
local keys = { lanes = lanes, waiting = waiting, letters = letters, parked = parked }
local now = now_ms()
if now - tonumber(ARGV[6]) > tonumber(ARGV[7]) then
  return 'late'
end
local line = redis.call('HGET', cursors, ARGV[2])
if not line or redis.call('HEXISTS', sinks, ARGV[2]) == 0 then
  return 'unset'
end
local member = ARGV[2] .. ' ' .. ARGV[3]
local known = redis.call('HMGET', parked, 'm ' .. member, 'b ' .. member)
if known[1] then
  local _, _, said = split_said(known[1])
  if not known[2] or cjson.decode(said).eventId ~= ARGV[4] then
    return 'gone'
  end
  if redis.call('ZSCORE', letters, member) then
    write_parked(keys, member, join_said(0, redis.call('HINCRBY', lanes, 'resent', 1), said), known[2])
  end
else
  if tonumber(ARGV[3]) >= parse_cursor(line).next then
    return 'pending'
  end
  local event = redis.call('HGET', log, ARGV[3])
  if not event or not has_mark(event, ARGV[8]) then
    return 'gone'
  end
  write_parked(keys, member, join_said(0, redis.call('HINCRBY', lanes, 'resent', 1), ARGV[5]), event)
end
put_aside(keys, member, string.format('%.0f', now))
if redis.call('HGET', instance, 'id') ~= ARGV[1] then
  end_together({ log, cursors, sinks, lanes, waiting, letters, parked })
end
return 'sent'
