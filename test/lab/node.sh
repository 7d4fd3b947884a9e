#!/bin/sh
# node.sh hold NAME | off NAME: the life of a lab node, from outside it.
#
# A node is a machine made of namespaces: the network namespace NAME, and one long-lived holder process in it that has
# its own mounts and host name. Its /run is empty and its own, so that `ip netns`, iptables' lock and a daemon's socket
# stay inside, and the network namespaces made there vanish with it. /run/holder contains the holder's pid: it marks the
# node as one of ours.
#
# hold: makes the node, prints the holder's pid and waits for the end of standard input, then switches the node off. So
#       the node goes when the process that asked for it goes, however that ends. The line `keep` leaves the node up.
# off:  kills what runs in the node and in its pods and deletes it, like a power switch.
set -eu
name=$2

off() {
  for pid in $(ip netns pids "$name"); do
    holder=$(cat "/proc/$pid/root/run/holder" 2>/dev/null) || continue
    nsenter -t "$holder" -m sh -c 'ls /run/netns | xargs -r -n 1 ip netns pids' | xargs -r kill -KILL 2>/dev/null || true
    break
  done
  ip netns pids "$name" | xargs -r kill -KILL 2>/dev/null || true
  ip netns del "$name"
  # The control groups of a machine (test/machines) that lived in the node, once its processes have gone.
  findmnt -n -t cgroup2 -o TARGET | head -n 1 | while read -r groups; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ -e "$groups/$name" ] || break
      find "$groups/$name" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
  done
}

hold() {
  trap '' HUP INT TERM
  ip netns add "$name"
  # shellcheck disable=SC2016 # expanded in the node
  ip netns exec "$name" unshare --mount --uts --propagation private sh -c '
    hostname "$0" && mount -n -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/bin /run/lock /run/netns /run/tsbgp &&
    ip link set lo up && echo $$ >/run/holder && exec sleep infinity' "$name" </dev/null >/dev/null &
  holder=$!
  while [ "$(cat /proc/$holder/root/run/holder 2>/dev/null)" != $holder ]; do
    kill -0 $holder 2>/dev/null || { off; exit 1; }
    sleep 0.01
  done
  # Whoever asked for it may have gone already: then the node goes, too.
  trap '' PIPE
  echo $holder 2>/dev/null || :
  read -r word || word=off
  if [ "$word" != keep ]; then off; fi
}

"$1"
