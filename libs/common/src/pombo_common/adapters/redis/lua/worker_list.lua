-- Answers what the live workers said; those whose time has run out are dropped.
local now = now_ms()
local live = {}
local fields = redis.call('HGETALL', KEYS[1])
for at = 1, #fields, 2 do
  local expires, said = string.match(fields[at + 1], '^(%d+) (.*)$')
  if tonumber(expires) > now then
    live[#live + 1] = said
  else
    redis.call('HDEL', KEYS[1], fields[at])
  end
end
return live
