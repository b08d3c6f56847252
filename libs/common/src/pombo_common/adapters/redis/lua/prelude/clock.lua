-- The Store's clock: milliseconds since the epoch.
local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function to_ms(seconds)
  return math.floor(tonumber(seconds) * 1000)
end
