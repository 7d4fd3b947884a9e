#!/bin/sh
# make-box.sh TREE BOX: a Vagrant box for libvirt from a Debian tree, with what such boxes have: a user `vagrant` with the
# well-known key and sudo without a password, eth0 by DHCP, a boot loader.
#
# The disk is one file system without a partition table, in whose first sector extlinux puts itself. The box has settings
# for a host without hardware virtualization, and trusts the authorities that the host trusts.
# To be run in a mount namespace of its own, so that nothing stays mounted.
set -eu
tree=$1 box=$2
work=$box.d
key=$(find /usr/share/rubygems-integration /opt/vagrant -path '*/vagrant-*/keys/vagrant.pub' 2>/dev/null | head -n 1)
[ -n "$key" ] || { echo "$0: Vagrant's well-known key is not where Debian's vagrant has it" >&2; exit 1; }

rm -rf "$work"
mkdir -p "$work/root"
truncate -s 6G "$work/disk"
mkfs.ext4 -q -F -O ^64bit,^metadata_csum -d "$tree" "$work/disk"
mount -o loop "$work/disk" "$work/root"

root=$work/root
version=$(basename "$(readlink "$root/vmlinuz")")
cat >"$root/boot/extlinux.conf" <<END
default linux
prompt 0
label linux
  kernel $version
  initrd initrd.img-${version#vmlinuz-}
  append root=/dev/vda rw quiet net.ifnames=0 console=ttyS0
END
extlinux --install "$root/boot" 2>/dev/null

echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
printf 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n' >"$root/etc/network/interfaces"
echo 'deb http://deb.debian.org/debian trixie main' >"$root/etc/apt/sources.list"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe"
rm -f "$root"/etc/apt/sources.list.d/* "$root"/etc/resolv.conf
echo box >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 box\n' >"$root/etc/hosts"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

chroot "$root" useradd --create-home --shell /bin/bash --password '*' vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
chmod 440 "$root/etc/sudoers.d/vagrant"
install -d -m 700 "$root/home/vagrant/.ssh"
install -m 600 "$key" "$root/home/vagrant/.ssh/authorized_keys"
chroot "$root" chown -R vagrant: /home/vagrant
echo 'UseDNS no' >"$root/etc/ssh/sshd_config.d/vagrant.conf"
umount "$root"

qemu-img convert -O qcow2 "$work/disk" "$work/box.img"
echo '{ "provider": "libvirt", "format": "qcow2", "virtual_size": 6 }' >"$work/metadata.json"
cat >"$work/Vagrantfile" <<'END'
Vagrant.configure('2') do |config|
  config.vm.boot_timeout = 600
  config.vm.graceful_halt_timeout = 300
  config.vm.provider :libvirt do |machine|
    machine.driver = 'qemu'
    machine.cpu_mode = 'custom'
    machine.cpu_model = 'qemu64'
    machine.disk_driver cache: 'unsafe'
  end
end
END
tar -C "$work" -cf "$box" metadata.json Vagrantfile box.img
rm -rf "$work"
