#!/usr/bin/env bash
# The programs that the tests and benchmarks compare Marey with, as Debian packages. Does nothing where they are there.
set -euo pipefail
packages=(
  chromium ffmpeg fonts-dejavu-core gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good libfaketime libxxhash0 mkvtoolnix
  python3 python3-av python3-blosc python3-filelock python3-gi python3-h5py python3-numpy
  python3-opencv python3-pil python3-tifffile python3-yaml python3-zarr strace time xfsprogs
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "installing: ${missing[*]}" >&2
sudo=(); [ "$(id -u)" -eq 0 ] || sudo=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
