-- Requests of wrk for 512 paths in turn, so that each upstream gets its share. The argument is what
-- the paths begin with.
local requests = {}
local at = 0

function init(args)
  for number = 1, 512 do
    requests[number] = wrk.format("GET", args[1] .. number)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
