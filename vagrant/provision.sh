#!/bin/sh
# provision.sh N [PACKAGE]: makes a fresh Debian 13 machine the node bgp-N of the demo, or brings it up to date. Run by
# Vagrant as root with the sources in /tmp/tsbgp.tar.gz.
#
# Installs Debian's Node.js, builds the package in the machine unless there is one, installs it with the demo's
# configuration and starts the service, and puts CREATE_POD.sh into the user's home directory. A second run updates the
# program, if the sources or the package have changed, and keeps the configuration.
# http_proxy and https_proxy, if set, are used for the packages; apt remembers them until a run without.
set -eu

number=${1:-} package=${2:-}
case $number in
  1) other=2 ;;
  2) other=1 ;;
  *)
    echo "usage: provision.sh 1|2 [PACKAGE]" >&2
    exit 2
    ;;
esac
address=172.18.8.10$number
archive=/tmp/tsbgp.tar.gz
build=/usr/local/src/tsbgp

# Says what is done and does it; what a command prints matters only when it fails. Vagrant says on which machine.
step() {
  echo "$1"
  shift
  "$@" >/var/log/tsbgp-provision.log 2>&1 || {
    cat /var/log/tsbgp-provision.log >&2
    echo "this failed; \`vagrant provision bgp-$number\` tries again" >&2
    exit 1
  }
}

{
  if [ -n "${http_proxy:-}" ]; then echo "Acquire::http::Proxy \"$http_proxy\";"; fi
  if [ -n "${https_proxy:-}" ]; then echo "Acquire::https::Proxy \"$https_proxy\";"; fi
} >/etc/apt/apt.conf.d/80tsbgp-proxy
[ -n "${http_proxy:-}" ] || unset http_proxy
[ -n "${https_proxy:-}" ] || unset https_proxy

needed="nodejs iproute2 iptables iputils-ping procps"
if [ -z "$package" ]; then needed="$needed npm"; fi
missing=
for name in $needed; do
  dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing="$missing $name"
done
export DEBIAN_FRONTEND=noninteractive
if [ -n "$missing" ]; then
  step "reading package lists" apt-get update
  # shellcheck disable=SC2086 # a list of words
  step "installing$missing" apt-get install -y --no-install-recommends $missing
fi

# What npm and the build made before stays for the next time.
mkdir -p $build
find $build -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist ! -name installed -exec rm -rf {} +
tar -xzf $archive --no-same-owner -C $build

wanted=$(zcat -f "${package:-$archive}" | sha256sum)
installed=
if dpkg-query -W tsbgp >/dev/null 2>&1; then installed=$(cat $build/installed 2>/dev/null || true); fi
if [ "$wanted" != "$installed" ] && [ -z "$package" ]; then
  step "building tsbgp (some minutes the first time)" \
    node $build/scripts/package.mjs --arch "$(dpkg --print-architecture)"
  package=$(echo $build/build/tsbgp_*.deb)
fi

mkdir -p /etc/tsbgp
config=/etc/tsbgp/tsbgp.yml
[ -e $config ] ||
  sed -e '/^#/d' -e "s/@ADDRESS@/$address/" -e "s/@NEIGHBOR@/172.18.8.10$other/" $build/vagrant/tsbgp.yml.in >$config
if [ "$wanted" != "$installed" ]; then
  step "installing the package" \
    apt-get install -y --reinstall --allow-downgrades -o Dpkg::Options::=--force-confold "$package"
  echo "$wanted" >$build/installed
else
  echo "the package is up to date"
fi
step "starting the service" systemctl enable --now tsbgp

# The interface with the private address is eth1, unless the box names them otherwise.
interface=$(ip -o -4 address show to "$address" | awk '{ print $2; exit }')
user=${SUDO_USER:-vagrant}
home=$(getent passwd "$user" | cut -d: -f6)
sed "s/POD_INTERFACE:-eth1/POD_INTERFACE:-${interface:-eth1}/" $build/vagrant/create-pod.sh >"$home/CREATE_POD.sh"
chown "$user:" "$home/CREATE_POD.sh"
chmod 755 "$home/CREATE_POD.sh"
usermod -a -G tsbgp "$user"
