#!/bin/sh
# provision.sh N: makes a fresh Debian 13 machine the node bgp-N of the demo, or brings it up to date. Run by Vagrant as
# root with the checkout in /tsbgp (SOURCE in the environment names another place).
#
# Installs Debian's Node.js, builds tsbgp in the machine, installs the service with the demo's configuration and starts
# it, and puts CREATE_POD.sh into the user's home directory. A second run updates the program and keeps the configuration.
# http_proxy and https_proxy, if set, are used for the packages; apt remembers them until a run without.
set -eu

number=${1:-}
case $number in
  1) other=2 ;;
  2) other=1 ;;
  *)
    echo "usage: provision.sh 1|2" >&2
    exit 2
    ;;
esac
address=172.18.8.10$number
source=${SOURCE:-/tsbgp}
build=/usr/local/src/tsbgp

step() { echo "bgp-$number: $*"; }

{
  if [ -n "${http_proxy:-}" ]; then echo "Acquire::http::Proxy \"$http_proxy\";"; fi
  if [ -n "${https_proxy:-}" ]; then echo "Acquire::https::Proxy \"$https_proxy\";"; fi
} >/etc/apt/apt.conf.d/80tsbgp-proxy
[ -n "${http_proxy:-}" ] || unset http_proxy
[ -n "${https_proxy:-}" ] || unset https_proxy

missing=
for package in nodejs npm rsync iproute2 iptables iputils-ping procps; do
  dpkg-query -W -f '${Status}' $package 2>/dev/null | grep -q ' installed$' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  step "installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  # shellcheck disable=SC2086 # a list of words
  apt-get install -q -y --no-install-recommends $missing
fi

step "building tsbgp"
mkdir -p "$build"
rsync -a --delete --exclude=/node_modules --exclude=/dist --exclude=/.git "$source/" "$build/"
rm -rf "$build/build"
node "$build/scripts/package.mjs" --arch "$(dpkg --print-architecture)"

step "installing the package"
mkdir -p /etc/tsbgp
config=/etc/tsbgp/tsbgp.yml
[ -e $config ] ||
  sed -e '/^#/d' -e "s/@ADDRESS@/$address/" -e "s/@NEIGHBOR@/172.18.8.10$other/" "$build/vagrant/tsbgp.yml.in" >$config
apt-get install -q -y --reinstall --allow-downgrades -o Dpkg::Options::=--force-confold "$build"/build/tsbgp_*.deb
systemctl enable --quiet --now tsbgp

# The interface with the private address is eth1, unless the box names them otherwise.
interface=$(ip -o -4 address show to "$address" | awk '{ print $2; exit }')
user=${SUDO_USER:-vagrant}
home=$(getent passwd "$user" | cut -d: -f6)
sed "s/POD_INTERFACE:-eth1/POD_INTERFACE:-${interface:-eth1}/" "$build/vagrant/create-pod.sh" >"$home/CREATE_POD.sh"
chown "$user:" "$home/CREATE_POD.sh"
chmod 755 "$home/CREATE_POD.sh"
usermod -a -G tsbgp "$user"

cat <<END
bgp-$number is ready. Next: vagrant ssh bgp-$number
  tsbgp neighbor                  the session with bgp-$other
  sudo ./CREATE_POD.sh $number           a pod with the address 10.233.$number.10
  tsbgp rib add 10.233.$number.10/32     announce it
docs/vagrant.md goes on from here.
END
