-- One change on one instance. ARGV[1] is a header in JSON that names the blobs by their place in ARGV.
-- Answers {verdict, now, fingerprint of a token that is no longer its, 0 when a deletion left nothing behind,
-- due destination, due destination, ...}.
local instance, material, journal, log, cursors, sinks, lanes, waiting, letters, parked, command = unpack(KEYS)
local outliving = { log, cursors, sinks, lanes, waiting, letters, parked }
local beside = { lanes = lanes, waiting = waiting, letters = letters, parked = parked }
local change = cjson.decode(ARGV[1])
local now = now_ms()

local function refusal()
  if change.noted and now - change.noted > change.late_ms then
    return 'late'
  end
  if change.token then
    local kept = redis.call('HMGET', command, 'state', 'token')
    if kept[1] ~= 'started' or kept[2] ~= change.token then
      return 'superseded'
    end
  end
  local held = redis.call('HMGET', instance, 'id', 'epoch', 'expires', 'version', 'owner')
  if change.create then
    if held[1] then
      return 'taken'
    end
  elseif held[1] ~= change.id then
    return 'gone'
  end
  if change.epoch and (tonumber(held[2] or '0') ~= change.epoch or held[5] ~= change.owner
    or tonumber(held[3] or '0') <= now) then
    return 'fenced'
  end
  if change.version and tonumber(held[4] or '0') ~= change.version then
    return 'outdated'
  end
  if change.takes and redis.call('HEXISTS', journal, change.takes) == 0 then
    return 'consumed'
  end
end

local function write_record()
  local before = redis.call('HGET', instance, 'print')
  redis.call('HSET', instance, 'id', change.id, 'record', ARGV[change.record], 'version', change.record_version,
    'print', change.print)
  return before and before ~= change.print and before or ''
end

local function write_material()
  if change.takes then
    redis.call('HDEL', journal, change.takes)
  end
  if change.forget then
    redis.call('UNLINK', material, journal)
  end
  if change.creds then
    redis.call('HSET', material, 'creds', ARGV[change.creds])
  end
  for _, entry in ipairs(change.keys or {}) do
    if entry[2] == 0 then
      redis.call('HDEL', material, entry[1])
    else
      redis.call('HSET', material, entry[1], ARGV[entry[2]])
    end
  end
  if change.journal then
    local place = redis.call('HINCRBY', material, 'journal', 1)
    redis.call('HSET', journal, change.journal[1], string.format('%.0f ', place) .. ARGV[change.journal[2]])
  end
end

local function write_destinations()
  local head = log_ends(log)
  for _, entry in ipairs(change.destinations or {}) do
    local name, place = entry[1], entry[2]
    if place == 0 then
      bury_asides(beside, name)
      bound_letters(beside, name, change.dead_limit, change.range_limit)
      redis.call('HDEL', sinks, name)
      redis.call('HDEL', cursors, name)
      redis.call('HDEL', lanes, 'held ' .. name, 'asides ' .. name, 'first ' .. name)
    else
      redis.call('HSET', sinks, name, ARGV[place])
      if redis.call('HSETNX', cursors, name, format_cursor({
        next = head + 1, prev = 0, attempts = 0, not_before = 0, claimed_until = 0, token = '',
      })) == 1 then
        redis.call('HSET', lanes, 'first ' .. name, string.format('%.0f', head + 1))
      end
    end
  end
end

local function write_events()
  local events = {}
  for _, place in ipairs(change.events) do
    events[#events + 1] = ARGV[place]
  end
  append_events(log, redis.call('HGET', instance, 'epoch') or '0', events, change.log_limit)
end

local function delete(due)
  redis.call('UNLINK', instance, material, journal)
  local undelivered = #due > 0 or redis.call('EXISTS', waiting) == 1
  if not undelivered then
    redis.call('UNLINK', log)
  end
  local kept = undelivered or redis.call('EXISTS', letters) == 1
  for _, key in ipairs(outliving) do
    if kept then
      redis.call('PEXPIRE', key, change.legacy_ms)
    else
      redis.call('UNLINK', key)
    end
  end
  return kept
end

local verdict = refusal()
if verdict then
  return { verdict, now }
end

local dropped = ''
if change.create then
  for _, key in ipairs(outliving) do -- a former instance with this very id may have left them
    redis.call('PERSIST', key)
  end
end
if change.record then
  dropped = write_record()
end
if change.live then
  redis.call('HSET', instance, 'live', ARGV[change.live], 'wanted', change.wanted and '1' or '0')
end
write_material()
write_destinations()
if change.events then
  write_events()
end
local due = due_destinations(cursors, log)
local kept = true
if change.delete then
  dropped = redis.call('HGET', instance, 'print') or ''
  kept = delete(due)
end
if change.outcome and change.token then
  redis.call('HSET', command, 'state', 'finished', 'outcome', ARGV[change.outcome])
  redis.call('PEXPIRE', command, change.command_ms)
end
if change.record or change.live or change.delete then
  redis.call('PUBLISH', change.channel, '')
end

local answer = { 'applied', now, dropped, kept and 1 or 0 }
for _, destination in ipairs(due) do
  answer[#answer + 1] = destination.name
end
return answer
