-- ARGV: first seq, limit, most bytes.
return read_events(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))
