-- ARGV: worker's id, what it says, seconds.
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now_ms() + to_ms(ARGV[3])) .. ' ' .. ARGV[2])
return 1
