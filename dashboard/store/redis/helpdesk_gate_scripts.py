"""Redis's part of the gate to a helpdesk: one script before a call, one after it."""

# A state is one hash. After a 429 its rate is a part of the usual one, which grows by a tenth a minute.
STATE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local function number(name, otherwise)
  return tonumber(redis.call('HGET', KEYS[1], name) or otherwise)
end
local share = math.min(1, number('share', 1) + math.max(0, now - number('share_at', now)) / 600000)
"""

# A call gets a permit, or learns why and for how many milliseconds it must wait. A less urgent call leaves more tokens
# in the bucket, and waits while a more urgent one is known to wait. A permit other than 0 is the breaker's probe.
ENTER = (
    STATE
    + """
local usual, urgency, last = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now < number('paused_until', 0) then return {'paused', math.ceil(number('paused_until', 0) - now)} end
local is_open = number('failures', 0) >= tonumber(ARGV[4])
if is_open and now < number('open_until', 0) then return {'open', math.ceil(number('open_until', 0) - now)} end
if is_open and now < number('probe_until', 0) then
  return {'open', math.ceil(math.min(tonumber(ARGV[5]), number('probe_until', 0) - now))}
end
local rate = usual * share
local most = math.max(1, rate)
local tokens = math.min(most, number('tokens', most) + rate * math.max(0, now - number('at', now)) / 1000)
local wait = (1 + (most - 1) * urgency / (last + 1) - tokens) / rate * 1000
if urgency == last then wait = math.max(wait, number('last_until', 0) - now) end
for higher = 0, urgency - 1 do wait = math.max(wait, number('wanted:' .. higher, 0) - now) end
if wait > 0 then
  -- Somewhat longer, because the call asks again a little late.
  redis.call('HSET', KEYS[1], 'wanted:' .. urgency, now + wait + 50)
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return {'crowded', math.ceil(wait)}
end
redis.call('HSET', KEYS[1], 'tokens', tokens - 1, 'at', now)
redis.call('HDEL', KEYS[1], 'wanted:' .. urgency)
if urgency == last then redis.call('HSET', KEYS[1], 'last_until', now + 1000) end
local permit = 0
if is_open then
  permit = redis.call('HINCRBY', KEYS[1], 'probe', 1)
  redis.call('HSET', KEYS[1], 'probe_until', now + tonumber(ARGV[7]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return {'go', permit}
"""
)

# An open breaker listens to its probe alone: the calls that began before it opened prove nothing any more.
REPORT = (
    STATE
    + """
local permit, outcome, pause, most = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local failures = number('failures', 0)
if failures < most or (permit > 0 and permit == number('probe', 0)) then
  if outcome ~= 'failure' then
    redis.call('HSET', KEYS[1], 'failures', 0, 'opened', 0, 'probe_until', 0)
  else
    redis.call('HSET', KEYS[1], 'failures', failures + 1, 'probe_until', 0)
    if failures + 1 >= most then
      local opened = redis.call('HINCRBY', KEYS[1], 'opened', 1)
      local longest = math.min(tonumber(ARGV[6]), tonumber(ARGV[5]) * 2 ^ math.min(opened - 1, 10))
      redis.call('HSET', KEYS[1], 'open_until', now + longest * tonumber(ARGV[7]))
    end
  end
end
if outcome == 'limited' then
  -- Many calls may be refused at once; they halve the rate once.
  if now >= number('paused_until', 0) then redis.call('HSET', KEYS[1], 'share', math.max(0.1, share / 2)) end
  local till = math.max(number('paused_until', 0), now + pause)
  redis.call('HSET', KEYS[1], 'paused_until', till, 'share_at', till)
end
redis.call('PEXPIRE', KEYS[1], ARGV[8])
local minute = math.floor(now / 60000)
redis.call('HINCRBY', KEYS[2], 'all:' .. ARGV[9], 1)
if redis.call('HINCRBY', KEYS[2], minute .. ':' .. ARGV[9], 1) == 1 then
  for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
    local of = tonumber(string.match(name, '^(%d+):'))
    if of and of <= minute - tonumber(ARGV[11]) then redis.call('HDEL', KEYS[2], name) end
  end
end
redis.call('PEXPIRE', KEYS[2], ARGV[10])
"""
)
