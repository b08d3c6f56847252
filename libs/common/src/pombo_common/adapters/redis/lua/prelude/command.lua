-- A command record as hash fields; prelude of the scripts that move it.
local function keep_pending(key, fingerprint, not_after, lifetime_ms)
  redis.call('HSET', key, 'fingerprint', fingerprint, 'not_after', not_after, 'state', 'pending')
  redis.call('PEXPIRE', key, lifetime_ms)
end

local function command_fields(key)
  return redis.call('HMGET', key, 'fingerprint', 'not_after', 'state', 'outcome')
end
