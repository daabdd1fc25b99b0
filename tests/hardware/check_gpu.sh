#!/bin/sh
# Runs the GPU's tests, the golden inputs of the shipped models, one field and the bench over
# SwiftShader: Vulkan in software, which stands for a GPU. Needs Debian, libvulkan1 and a network; some minutes.
#
# usage: check_gpu.sh FOLDER PYTHON REPORT   SwiftShader is kept in FOLDER and used again
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$1/gpu
python=$2
report=$3
driver=usr/lib/chromium

if [ ! -e "$work/$driver/vk_swiftshader_icd.json" ]; then
    mkdir -p "$work"
    # Two files of it are needed, not a browser.
    (cd "$work" && apt-get download chromium-common)
    for package in "$work"/chromium-common_*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work" "./$driver/libvk_swiftshader.so" \
            "./$driver/vk_swiftshader_icd.json"
        rm "$package"
    done
fi

VK_ICD_FILENAMES=$(cd "$work" && pwd)/$driver/vk_swiftshader_icd.json
export VK_ICD_FILENAMES
"$python" -m pytest -q -rs "$here/../device/backends/test_gpu.py"
"$python" "$here/gpu_report.py" "$report"
