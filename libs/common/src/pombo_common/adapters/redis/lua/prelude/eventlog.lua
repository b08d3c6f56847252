-- The log is a hash: `head` (last seq), `tail` (oldest seq kept), and seq -> epoch, a blank, the event.
local MARK_WITHIN = 200 -- An event begins with its epoch and its id.

-- Last seq and oldest seq kept (0 and 1 of an empty log).
local function log_ends(log)
  local ends = redis.call('HMGET', log, 'head', 'tail')
  return tonumber(ends[1] or '0'), tonumber(ends[2] or '1')
end

-- At most `limit` events from `from` on, none behind the one with which `bytes` are reached, after the seq of the
-- first: {seq, event, event, ...}.
local function read_events(log, from, limit, bytes)
  local head, tail = log_ends(log)
  local first = math.max(from, tail)
  local found = { first }
  for seq = first, math.min(head, first + limit - 1) do
    local event = redis.call('HGET', log, string.format('%.0f', seq))
    found[#found + 1] = event
    bytes = bytes - #event
    if bytes <= 0 then
      break
    end
  end
  return found
end

-- Whether an event is that of an id; its mark is how the packed event begins with it, length and all.
local function has_mark(event, mark)
  return string.find(string.sub(event, 1, MARK_WITHIN), mark, 1, true) ~= nil
end

local function append_events(log, epoch, events, limit)
  local head, tail = log_ends(log)
  for _, event in ipairs(events) do
    head = head + 1
    redis.call('HSET', log, string.format('%.0f', head), epoch .. ' ' .. event)
  end
  while head - tail + 1 > limit do
    redis.call('HDEL', log, string.format('%.0f', tail))
    tail = tail + 1
  end
  redis.call('HSET', log, 'head', string.format('%.0f', head), 'tail', string.format('%.0f', tail))
end
