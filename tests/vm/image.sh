#!/usr/bin/env bash
# Makes the disk of the test machine: Debian with its own kernel, systemd and cgroup v2. Needs root and debootstrap.
#   tests/vm/image.sh FOLDER      leaves vmlinuz, initrd.img and root.img there; what is there already is kept
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?a folder for the image}
[ -f "$folder/root.img" ] && exit 0

packages=linux-image-cloud-amd64,systemd-sysv,dbus,dbus-user-session,libpam-systemd,python3
mkdir -p "$folder"
root=$(mktemp -d "$folder/root.XXXXXX")
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"

debootstrap --variant=minbase --include="$packages" bookworm "$root" >"$folder/debootstrap.log" 2>&1 ||
    { tail -5 "$folder/debootstrap.log" >&2; exit 1; }

echo halfgig-vm >"$root/etc/hostname"
echo '127.0.0.1 localhost halfgig-vm' >"$root/etc/hosts"
echo '/dev/vda / ext4 rw,noatime 0 1' >"$root/etc/fstab"
chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash tester
# The plain user's manager runs without a login.
mkdir -p "$root/var/lib/systemd/linger" "$root/halfgig"
touch "$root/var/lib/systemd/linger/tester"
cp "$here/guest/halfgig.service" "$root/etc/systemd/system/"
chroot "$root" systemctl --quiet enable halfgig.service
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer logrotate.timer man-db.timer getty@tty1.service serial-getty@ttyS0.service
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/locale/*

cp "$root"/boot/vmlinuz-* "$folder/vmlinuz"
cp "$root"/boot/initrd.img-* "$folder/initrd.img"
mke2fs -q -t ext4 -d "$root" "$folder/root.part" 2500M
mv "$folder/root.part" "$folder/root.img"
