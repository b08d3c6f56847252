-- Answers the record as it is afterwards (all fields empty when there is none).
if redis.call('HGET', KEYS[1], 'state') == 'pending' then
  redis.call('HSET', KEYS[1], 'state', 'cancelled')
end
return command_fields(KEYS[1])
