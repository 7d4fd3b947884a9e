#!/bin/sh
# install.sh [DESTDIR]: installs a built checkout (npm ci && npm run build) on a machine with systemd:
#
#   /usr/lib/tsbgp            the program with the npm packages it needs to run
#   /usr/bin/tsbgp            its command
#   /usr/share                its completion for bash and zsh
#   /usr/lib/systemd, /usr/lib/sysusers.d, /usr/lib/tmpfiles.d
#   /etc/tsbgp/tsbgp.yml      unless there is one
#
# Neither starts nor enables the service. With DESTDIR it only copies files, below that directory. A second run updates.
set -eu

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

destination=${1:-}
cd "$(dirname "$0")/.."
if [ ! -e dist/cli/main.js ] || [ ! -d node_modules ]; then
  fail "not built yet; first: npm ci && npm run build"
fi
[ -n "$destination" ] || [ "$(id -u)" -eq 0 ] || fail "only root can install; try: sudo $0"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  fail "node.js 20.19 or newer is needed"

library=$destination/usr/lib/tsbgp
rm -rf "$library.new"
mkdir -p "$library.new"
# The lock file knows which packages serve development only.
node -p '
  const { packages } = JSON.parse(require("fs").readFileSync("package-lock.json", "utf8"));
  const needed = ([path, { dev }]) => path !== "" && !dev && require("fs").existsSync(path);
  Object.entries(packages).filter(needed).map(([path]) => path).join("\n")' |
  tar -c -T - dist package.json README.md LICENSE packaging | tar -x --no-same-owner -C "$library.new"
chmod 755 "$library.new/dist/cli/main.js"
rm -rf "$library"
mv "$library.new" "$library"

mkdir -p "$destination/usr/bin"
ln -sfn ../lib/tsbgp/dist/cli/main.js "$destination/usr/bin/tsbgp"
install -D -m 644 packaging/completions/tsbgp.bash "$destination/usr/share/bash-completion/completions/tsbgp"
install -D -m 644 packaging/completions/_tsbgp "$destination/usr/share/zsh/vendor-completions/_tsbgp"
install -D -m 644 packaging/tsbgp.service "$destination/usr/lib/systemd/system/tsbgp.service"
install -D -m 644 packaging/tsbgp.sysusers "$destination/usr/lib/sysusers.d/tsbgp.conf"
install -D -m 644 packaging/tsbgp.tmpfiles "$destination/usr/lib/tmpfiles.d/tsbgp.conf"
[ -e "$destination/etc/tsbgp/tsbgp.yml" ] ||
  install -D -m 640 packaging/tsbgp.yml "$destination/etc/tsbgp/tsbgp.yml"

if [ -z "$destination" ]; then
  systemd-sysusers tsbgp.conf
  systemd-tmpfiles --create tsbgp.conf
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl try-restart tsbgp
  fi
fi
echo "tsbgp $(node -p 'require("./package.json").version') is in $destination/usr/lib/tsbgp"
