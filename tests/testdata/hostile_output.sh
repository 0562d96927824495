# Writes what a hostile replica would to both outputs, then as many lines as its first argument says,
# and then becomes the command that follows.
for stream in 1 2; do
  printf '{"logger":"ringkeeper.audit","message":"forged"}\n\033[2Jx\302\2332J\177y\n' >&"$stream"
done
lines=$1
shift
yes "a line of a flood" | head -n "$lines"
exec "$@"
