-- ARGV: first seq, limit.
return read_events(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]))
