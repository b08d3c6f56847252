-- ARGV: event id. Answers seq and event, or nothing.
local head, tail = log_ends(KEYS[1])
for last = head, tail, -RANGE_PART do
  local first = math.max(tail, last - RANGE_PART + 1)
  local seqs = {}
  for seq = first, last do
    seqs[#seqs + 1] = string.format('%.0f', seq)
  end
  for at, event in ipairs(redis.call('HMGET', KEYS[1], unpack(seqs))) do
    if event and string.find(string.sub(event, 1, 200), ARGV[1], 1, true) then
      return { first + at - 1, event }
    end
  end
end
return false
