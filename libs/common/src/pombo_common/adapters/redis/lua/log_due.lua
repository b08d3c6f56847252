-- KEYS: cursors, log. Answers {now, destinations due, name, not before, name, not before, ...} of those unclaimed.
local now = now_ms()
local due = due_destinations(KEYS[1], KEYS[2])
local answer = { now, #due }
for _, destination in ipairs(due) do
  if not claimed(destination.cursor, now) then
    answer[#answer + 1] = destination.name
    answer[#answer + 1] = destination.cursor.not_before
  end
end
return answer
