-- KEYS: letters. Answers {now, how many there are}.
return { now_ms(), redis.call('ZCARD', KEYS[1]) }
