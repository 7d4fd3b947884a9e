#!/bin/sh
# create-pod.sh [--proxy-arp] N [del]: one pod on this node, or its removal.
#
# A pod is a network namespace with one address that the node routes to, as a container runtime would make it:
#
#     node                                        namespace vmN_pod
#     route 10.233.N.10 dev veth_vmN  -- veth --  10.233.N.10/32 on veth_vmN_pod, default route out of it
#
# The IPv4 default route of the pod names no router: the pod asks ARP for every address it talks to, so the node has
# to answer ARP for others (proxy_arp) before the pod can answer another node. That stays off unless --proxy-arp is
# given, because finding it out is a part of the demo. IPv6, if the node has it, goes by fe80::1 on the node's end.
# Each step looks before it makes: a second run completes or changes nothing. `del` removes all but IP forwarding,
# which other pods need.
set -eu

name=${0##*/}

usage() {
  if [ $# -gt 0 ]; then echo "$name: $*" >&2; fi
  cat >&2 <<END
usage: $name [--proxy-arp] N [del]
  N            1 to 254: the pod gets 10.233.N.10 (and fd00:10:233:N::10) in the network namespace vmN_pod
  del          remove the pod with its link, route and firewall rules
  --proxy-arp  let the node answer the pod's ARP questions, and at once
POD_INTERFACE=NAME in the environment names the link to the other nodes (default: eth1).
END
  exit 2
}

fail() {
  echo "$name: $*" >&2
  exit 1
}

number='' action=add proxy_arp=no
for argument; do
  case $argument in
    --proxy-arp) proxy_arp=yes ;;
    del) action=del ;;
    -h | --help) usage ;;
    '' | 0* | *[!0-9]* | ????*) usage "\"$argument\" is not a pod number (1 to 254)" ;;
    *)
      [ -z "$number" ] || usage "one pod at a time"
      number=$argument
      ;;
  esac
done
[ -n "$number" ] || usage
[ "$number" -le 254 ] || usage "\"$number\" is not a pod number (1 to 254)"

PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" -eq 0 ] || fail "only root can make network namespaces; try: sudo $0 $*"
for tool in ip iptables; do
  command -v $tool >/dev/null || fail "there is no $tool here; try: apt-get install iproute2 iptables"
done

interface=${POD_INTERFACE:-eth1}
pod=vm${number}_pod
link=veth_vm$number
pod_link=${link}_pod
address=10.233.$number.10
address6=fd00:10:233:$number::10
ipv6=no
if [ "$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null)" = 0 ]; then ipv6=yes; fi

changes=0
changed() { changes=$((changes + 1)); }

# The pod's firewall rules, one a line: program, table, chain and rule.
rules() {
  echo "iptables filter FORWARD -i $interface -o $link -j ACCEPT"
  echo "iptables filter FORWARD -i $link -o $interface -j ACCEPT"
  echo "iptables nat POSTROUTING -s $address/32 -o $interface -j MASQUERADE"
  if [ $ipv6 = yes ] && command -v ip6tables >/dev/null; then
    echo "ip6tables filter FORWARD -i $interface -o $link -j ACCEPT"
    echo "ip6tables filter FORWARD -i $link -o $interface -j ACCEPT"
  fi
}

if [ $action = del ]; then
  while read -r program table rule; do
    # shellcheck disable=SC2086 # a rule is many words
    while $program -w -t "$table" -C $rule 2>/dev/null; do
      $program -w -t "$table" -D $rule
      changed
    done
  done <<END
$(rules)
END
  if ip link show "$link" >/dev/null 2>&1; then ip link del "$link" && changed; fi
  if [ -e "/run/netns/$pod" ]; then ip netns del "$pod" && changed; fi
  if [ $changes -eq 0 ]; then echo "pod $number: there is none"; else echo "pod $number: removed"; fi
  exit 0
fi

ip link show "$interface" >/dev/null 2>&1 ||
  fail "there is no interface $interface; set POD_INTERFACE to the link to the other nodes: $(ip -br link | cut -d' ' -f1 | paste -sd' ')"
trap '[ $? -eq 0 ] || echo "$name: pod $number is not complete; remove what there is of it with: $0 $number del" >&2' EXIT

# setting FILE VALUE: a file under /proc/sys/net
setting() {
  if [ "$(cat "/proc/sys/net/$1")" != "$2" ]; then echo "$2" >"/proc/sys/net/$1" && changed; fi
}

# once WHAT-IS-THERE COMMAND...: runs the command if nothing is there yet
once() {
  if [ -z "$1" ]; then
    shift
    "$@"
    changed
  fi
}

setting ipv4/ip_forward 1
if [ ! -e "/run/netns/$pod" ]; then ip netns add "$pod" && changed; fi
once "$(ip -o link show "$link" 2>/dev/null)" ip link add "$link" type veth peer name "$pod_link" netns "$pod"

ip link set "$link" up
ip -n "$pod" link set lo up
ip -n "$pod" link set "$pod_link" up
once "$(ip -n "$pod" -o addr show dev "$pod_link" to "$address")" ip -n "$pod" addr add "$address/32" dev "$pod_link"
once "$(ip -n "$pod" route show default)" ip -n "$pod" route add default via "$address" dev "$pod_link"
once "$(ip route show "$address" dev "$link")" ip route add "$address" dev "$link" scope link

if [ $ipv6 = yes ]; then
  # Forwarding turns a host into a router, which ignores router advertisements unless accept_ra is 2.
  for file in /proc/sys/net/ipv6/conf/*/accept_ra; do
    if [ "$(cat "$file")" = 1 ]; then echo 2 >"$file"; fi
  done
  setting ipv6/conf/all/forwarding 1
  once "$(ip -6 -o addr show dev "$link" to fe80::1)" ip -6 addr add fe80::1/64 dev "$link" nodad
  once "$(ip -n "$pod" -6 -o addr show dev "$pod_link" to "$address6")" ip -n "$pod" -6 addr add "$address6/128" dev "$pod_link" nodad
  once "$(ip -n "$pod" -6 route show default)" ip -n "$pod" -6 route add default via fe80::1 dev "$pod_link"
  once "$(ip -6 route show "$address6" dev "$link")" ip -6 route add "$address6" dev "$link"
fi

while read -r program table rule; do
  # shellcheck disable=SC2086 # a rule is many words
  $program -w -t "$table" -C $rule 2>/dev/null || { $program -w -t "$table" -A $rule && changed; }
done <<END
$(rules)
END

if [ $proxy_arp = yes ]; then
  setting "ipv4/conf/$link/proxy_arp" 1
  setting "ipv4/neigh/$link/proxy_delay" 0
fi

addresses=$address
if [ $ipv6 = yes ]; then addresses="$address and $address6"; fi
if [ $changes -eq 0 ]; then
  echo "pod $number: already there ($addresses in namespace $pod)"
else
  echo "pod $number: $addresses in namespace $pod, behind $link"
fi
