-- Of the dead letters of a destination that are beyond its limit the oldest lose their bodies. They become ranges: one
-- for all between which nothing was due to the destination. Their place is that of the last letter in them, so that the
-- ranges of a destination are its first letters. Like `ranges` of the SQLite adapter.
local function open_range(keys, member)
  local attempts, resend, rest = split_said(redis.call('HGET', keys.parked, 'm ' .. member))
  local said = cjson.decode(rest)
  return {
    member = member, place = tonumber(redis.call('ZSCORE', keys.letters, member)), said = said,
    seq = said.seq, last = said.last, prev = said.prev, attempts = attempts, resend = resend,
  }
end

-- Nothing between the two was due to the destination; 0 stands for a `prev` that is not known.
local function adjoins(range, following)
  return following.seq <= range.last + 1 or (following.prev > 0 and following.prev <= range.last)
end

-- The first of two, which then stands for the second as well; it says why the one that died last did.
local function join(keys, range, following)
  drop_parked(keys.parked, following.member)
  redis.call('ZREM', keys.letters, following.member)
  if following.place > range.place then
    range.place, range.said.failure = following.place, following.said.failure
  end
  range.last, range.changed, range.attempts, range.resend = math.max(range.last, following.last), true, 0, 0
  range.said.eventId, range.said.eventType = cjson.null, cjson.null
end

local function write_range(keys, range)
  range.said.last = range.last
  write_parked(keys, range.member, join_said(range.attempts, range.resend, cjson.encode(range.said)), '')
  redis.call('ZADD', keys.letters, range.place, range.member)
end

local function bound_letters(keys, destination, most_letters, most_ranges)
  if redis.call('ZCARD', keys.letters) <= most_letters then
    return
  end
  local members, count = members_of(keys.letters, destination), 0
  if #members <= most_letters then
    return
  end
  while members[count + 1] and redis.call('HEXISTS', keys.parked, 'b ' .. members[count + 1]) == 0 do
    count = count + 1
  end
  local over = math.max(0, #members - count - most_letters)
  if over == 0 and count <= most_ranges then
    return
  end
  local every = {}
  for at = 1, count + over do
    every[at] = open_range(keys, members[at])
    every[at].changed = at > count
  end
  table.sort(every, function(one, other) return one.seq < other.seq end)
  local ranges = {}
  for _, one in ipairs(every) do
    local before = ranges[#ranges]
    if before and adjoins(before, one) then
      join(keys, before, one)
    else
      ranges[#ranges + 1] = one
    end
  end
  local lowest = math.max(1, #ranges - most_ranges + 1)
  for at = 2, lowest do
    join(keys, ranges[1], ranges[at])
  end
  for at, range in ipairs(ranges) do
    if range.changed and (at == 1 or at > lowest) then
      write_range(keys, range)
    end
  end
end
