-- KEYS: any one; a cluster that cannot serve its slot answers that instead. Answers the time.
return now_ms()
