-- A cursor is one line: next, prev, attempts, not before, end of the claim, token of the claim ('' when unclaimed).
local CURSOR_LINE = '^(%d+) (%d+) (%d+) (%d+) (%d+) (.*)$'

local function parse_cursor(line)
  local next_seq, prev, attempts, not_before, claimed_until, token = string.match(line, CURSOR_LINE)
  return {
    next = tonumber(next_seq), prev = tonumber(prev), attempts = tonumber(attempts),
    not_before = tonumber(not_before), claimed_until = tonumber(claimed_until), token = token,
  }
end

local function format_cursor(cursor)
  return string.format('%.0f %.0f %.0f %.0f %.0f ', cursor.next, cursor.prev, cursor.attempts,
    cursor.not_before, cursor.claimed_until) .. cursor.token
end

local function claimed(cursor, now)
  return cursor.token ~= '' and cursor.claimed_until > now
end

-- Destinations with events due, claimed or not: {name, cursor} each.
local function due_destinations(cursors, log)
  local head = tonumber(redis.call('HGET', log, 'head') or '0')
  local lines = redis.call('HGETALL', cursors)
  local due = {}
  for at = 1, #lines, 2 do
    local cursor = parse_cursor(lines[at + 1])
    if cursor.next <= head then
      due[#due + 1] = { name = lines[at], cursor = cursor }
    end
  end
  return due
end

-- The claim of a destination's events aside is one line: its end, a blank, its token.
local function format_lane(claimed_until, token)
  return string.format('%.0f ', claimed_until) .. token
end

-- Whether somebody else than the bearer of this token (nobody: none given) has claimed the events aside.
local function lane_claimed(line, now, token)
  local claimed_until, holder = string.match(line or '', '^(%d+) (.*)$')
  return claimed_until ~= nil and tonumber(claimed_until) > now and holder ~= token
end

local function lane_token(line)
  return string.match(line or '', '^%d+ (.*)$')
end
