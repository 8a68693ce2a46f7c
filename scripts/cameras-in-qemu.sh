#!/usr/bin/env bash
# Real captures without a camera: boots Debian's kernel in QEMU with two virtual cameras (its driver "vivid"), the disk of
# this machine read-only below it, and runs the contract of all cameras and scripts/try-cameras.mjs there. Needs neither root
# nor KVM.
#   bash scripts/cameras-in-qemu.sh             a few minutes, more on a busy machine; exit code 0 if all is passed
# Debian packages: qemu-system-x86, busybox-static, kmod. The kernel is downloaded (70 MB) and kept in $MAREY_QEMU
# (default: ~/.cache/marey-qemu).
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
kept=${MAREY_QEMU:-$HOME/.cache/marey-qemu}

needs() { echo "cameras-in-qemu: cannot run: $*" >&2; exit 77; }
[ "$(uname -m)" = x86_64 ] || needs "the virtual machine is an x86_64, this one a $(uname -m)"
PATH=$PATH:/usr/sbin:/sbin
for program in qemu-system-x86_64 busybox depmod apt-get dpkg-deb; do
  command -v "$program" >/dev/null ||
    needs "$program is missing (apt-get install --no-install-recommends qemu-system-x86 busybox-static kmod)"
done
[ -f dist/index.js ] || needs "nothing is built (npm run build)"

mkdir -p "$kept"
if ! ls "$kept"/root/boot/vmlinuz-* >/dev/null 2>&1; then
  package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -1)
  [ -n "$package" ] || needs "no Debian kernel is to be had (apt-get update)"
  echo "downloading $package" >&2
  (cd "$kept" && apt-get download -qq "$package") || needs "$package could not be downloaded"
  dpkg-deb -x "$kept/$package"_*.deb "$kept/root"
  rm "$kept/$package"_*.deb
fi
kernel=$(ls "$kept"/root/boot/vmlinuz-* | tail -1)
release=${kernel##*/vmlinuz-}
modules=$kept/root/lib/modules/$release
[ -f "$modules/modules.dep" ] || depmod -b "$kept/root" "$release"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree"/{bin,modules,dev,proc,sys,host}
cp "$(command -v busybox)" "$work/tree/bin/busybox"
# Each module after those that it needs.
for wanted in virtio_pci 9pnet_virtio 9p vivid; do
  line=$(grep "/$wanted\.ko:" "$modules/modules.dep")
  for file in $(echo "${line#*:}" | tr ' ' '\n' | tac) "${line%%:*}"; do
    name=$(basename "$file")
    [ -f "$work/tree/modules/$name" ] && continue
    cp "$modules/$file" "$work/tree/modules/$name"
    echo "$name" >>"$work/tree/modules/order"
  done
done

cat >"$work/tree/init" <<INIT
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc proc /proc; \$b mount -t sysfs sys /sys; \$b mount -t devtmpfs dev /dev
while read -r module; do
  options=
  # Two cameras of one input each; frames in one plane.
  [ "\$module" = vivid.ko ] && options="n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=0,0 multiplanar=1,1"
  \$b insmod "/modules/\$module" \$options || echo "cannot load \$module"
done < /modules/order
\$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host || \$b poweroff -f
\$b mount -t proc proc /host/proc; \$b mount -t sysfs sys /host/sys; \$b mount --bind /dev /host/dev
\$b mount -t tmpfs tmp /host/tmp
\$b ip link set lo up 2>/dev/null
cd /host
\$b chroot /host /bin/sh -c 'cd "$repository" && export HOME=/tmp && node="$(readlink -f "$(command -v node)")" &&
  CI=1 MAREY_CAMERA=0 "\$node" node_modules/vitest/vitest.mjs run test/cameras-contract.test.ts --reporter=verbose \
    --testTimeout=300000 --configLoader=runner
  contract=\$?
  "\$node" scripts/try-cameras.mjs && exit \$contract'
echo "marey-trials-rc=\$?"
\$b poweroff -f
INIT
chmod +x "$work/tree/init"
(cd "$work/tree" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 >"$work/initrd")

timeout --foreground "${MAREY_QEMU_SECONDS:-3600}" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -m 1536 \
  -kernel "$kernel" -initrd "$work/initrd" -append "console=ttyS0 quiet panic=-1 loglevel=3" \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  -nographic -no-reboot -nic none </dev/null 2>&1 | sed -u 's/\r//g' | tee "$work/console" | grep --line-buffered -v '^marey-trials-rc=' || true
code=$(sed -n 's/^.*marey-trials-rc=//p' "$work/console")
[ -n "$code" ] || { echo "cameras-in-qemu: the machine ended without a result" >&2; exit 1; }
exit "$code"
