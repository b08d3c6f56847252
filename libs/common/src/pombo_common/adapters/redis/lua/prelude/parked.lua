-- Events that left their line. A member is destination, a blank, seq. `waiting` (aside) is scored with the time before
-- which no try is made, `letters` (dead) with a place that grows. The hash `parked` has two fields of each:
-- `m member` -> attempts, a blank, resend, a blank, what is said of it; `b member` -> its event as the log has it.
local function split_said(said)
  local attempts, resend, rest = string.match(said, '^(%d+) (%d+) (.*)$')
  return tonumber(attempts), tonumber(resend), rest
end

local function join_said(attempts, resend, rest)
  return string.format('%.0f %.0f ', attempts, resend) .. rest
end

local function drop_parked(parked, member)
  redis.call('HDEL', parked, 'm ' .. member, 'b ' .. member)
end

local function put_aside(keys, member, not_before)
  redis.call('ZREM', keys.letters, member)
  redis.call('ZADD', keys.waiting, not_before, member)
end

local function put_dead(keys, member)
  redis.call('ZREM', keys.waiting, member)
  redis.call('ZADD', keys.letters, redis.call('HINCRBY', keys.lanes, 'place', 1), member)
end

local function write_parked(keys, member, said, event)
  redis.call('HSET', keys.parked, 'm ' .. member, said)
  if event == '' then
    redis.call('HDEL', keys.parked, 'b ' .. member)
  else
    redis.call('HSET', keys.parked, 'b ' .. member, event)
  end
end

-- The members of a sorted set that are a destination's, in their order.
local function members_of(set, destination)
  local prefix, found = destination .. ' ', {}
  for _, member in ipairs(redis.call('ZRANGE', set, 0, -1)) do
    if string.sub(member, 1, #prefix) == prefix then
      found[#found + 1] = member
    end
  end
  return found
end

-- What is aside of a destination that is dropped becomes dead letters, in the order of the log.
local function bury_asides(keys, destination)
  local prefix, seqs = destination .. ' ', {}
  for _, member in ipairs(members_of(keys.waiting, destination)) do
    seqs[#seqs + 1] = tonumber(string.sub(member, #prefix + 1))
  end
  table.sort(seqs)
  for _, seq in ipairs(seqs) do
    put_dead(keys, prefix .. string.format('%.0f', seq))
  end
end

-- A deleted instance's keys end together: those made since take the time that the others have left.
local function end_together(names)
  local left = -1
  for _, key in ipairs(names) do
    left = math.max(left, redis.call('PTTL', key))
  end
  for _, key in ipairs(names) do
    if left > 0 and redis.call('PTTL', key) == -1 then
      redis.call('PEXPIRE', key, left)
    end
  end
end
