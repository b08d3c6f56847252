-- ARGV: fingerprint, not after, lifetime in ms. Answers the record that is there afterwards.
if redis.call('EXISTS', KEYS[1]) == 0 then
  keep_pending(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
end
return command_fields(KEYS[1])
