#!/bin/sh
# Removes the machines of one test once standard input ends: the test has closed it, or has died.
# Arguments: the folder of the machines, and the prefix of their network namespaces.
folder=$1 prefix=$2
trap '' HUP INT TERM
cat >/dev/null

# The first process of a machine ends with it, and with everything in it.
for file in "$folder"/*.pid; do
  [ -f "$file" ] && kill -9 "$(cat "$file")" 2>/dev/null
done
# Until then its folder is in use.
for _ in $(seq 100); do
  busy=
  for file in "$folder"/*.pid; do
    [ -f "$file" ] && kill -0 "$(cat "$file")" 2>/dev/null && busy=yes
  done
  [ -z "$busy" ] && break
  sleep 0.1
done
ip netns list | awk -v prefix="$prefix-" 'index($1, prefix) == 1 { print $1 }' |
  while read -r name; do ip netns del "$name"; done
# Containers leave their empty control groups behind.
for container in "$folder"/*/lib/containers/*; do
  [ -d "$container" ] || continue
  find /sys/fs/cgroup -maxdepth 4 -type d -name "$(basename "$container")*" -exec rmdir {} + 2>/dev/null
done
awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -ur |
  while read -r mount; do umount -l "$mount"; done
rm -rf "$folder"
