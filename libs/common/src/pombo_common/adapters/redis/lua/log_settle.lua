-- KEYS: instance, then what outlives it: log, cursors, sinks, lanes, waiting, letters, parked.
-- ARGV: instance id, destination, token, seconds to keep ('' ends the claim), time of the projection's entries ('' when
-- none is needed), how old they may be, most dead letters, most ranges, next, prev, attempts, not before (next '' when
-- it is about events aside), held, number of seqs that arrived, those seqs, then of each parked event: seq, not before
-- ('' when dead), what is said of it, event ('' when it is not kept).
-- Answers 0 when the claim was lost, 2 when nothing is left of a deleted instance, 3 when the entries were too old.
local instance, log, cursors, sinks, lanes, waiting, letters, parked = unpack(KEYS)
local keys = { lanes = lanes, waiting = waiting, letters = letters, parked = parked }
local destination, token = ARGV[2], ARGV[3]
local now = now_ms()
local keep = ARGV[4] ~= ''
local claimed_until = keep and now + to_ms(ARGV[4]) or 0

if ARGV[5] ~= '' and now - tonumber(ARGV[5]) > tonumber(ARGV[6]) then
  return 3
end

local function settle_line()
  local line = redis.call('HGET', cursors, destination)
  if not line or parse_cursor(line).token ~= token then
    return false
  end
  redis.call('HSET', cursors, destination, format_cursor({
    next = tonumber(ARGV[9]), prev = tonumber(ARGV[10]), attempts = tonumber(ARGV[11]), not_before = tonumber(ARGV[12]),
    claimed_until = claimed_until, token = keep and token or '',
  }))
  if ARGV[13] == '' then
    redis.call('HDEL', lanes, 'held ' .. destination)
  else
    redis.call('HSET', lanes, 'held ' .. destination, ARGV[13])
  end
  return true
end

local function settle_asides()
  local claim = 'asides ' .. destination
  if lane_token(redis.call('HGET', lanes, claim)) ~= token then
    return false
  end
  if keep then
    redis.call('HSET', lanes, claim, format_lane(claimed_until, token))
  else
    redis.call('HDEL', lanes, claim)
  end
  return true
end

local settled
if ARGV[9] == '' then
  settled = settle_asides()
else
  settled = settle_line()
end
if not settled then
  return 0
end

local at = 15
for _ = 1, tonumber(ARGV[14]) do
  local member = destination .. ' ' .. ARGV[at]
  if redis.call('ZREM', waiting, member) == 1 then
    drop_parked(parked, member)
  end
  at = at + 1
end
while at <= #ARGV do
  local member, not_before = destination .. ' ' .. ARGV[at], ARGV[at + 1]
  write_parked(keys, member, ARGV[at + 2], ARGV[at + 3])
  if not_before == '' then
    put_dead(keys, member)
  else
    put_aside(keys, member, not_before)
  end
  at = at + 4
end
bound_letters(keys, destination, tonumber(ARGV[7]), tonumber(ARGV[8]))

if redis.call('HGET', instance, 'id') ~= ARGV[1] then
  local outliving = { log, cursors, sinks, lanes, waiting, letters, parked }
  if #due_destinations(cursors, log) == 0 and redis.call('EXISTS', waiting) == 0 then
    if redis.call('EXISTS', letters) == 0 then
      redis.call('UNLINK', unpack(outliving))
      return 2
    end
    end_together(outliving)
    redis.call('UNLINK', log)
    return 1
  end
  end_together(outliving)
end
return 1
