-- ARGV: fingerprint, seconds within which it may start, lifetime in ms. Answers the record that is there afterwards.
if redis.call('EXISTS', KEYS[1]) == 0 then
  keep_pending(KEYS[1], ARGV[1], string.format('%.0f', now_ms() + to_ms(ARGV[2])), ARGV[3])
end
return command_fields(KEYS[1])
