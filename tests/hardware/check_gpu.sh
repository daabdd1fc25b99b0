#!/bin/sh
# Runs the GPU's tests, the golden inputs of the shipped models, one field and the bench over
# SwiftShader: Vulkan in software, which stands for a GPU. Needs Debian and a network; some minutes.
#
# usage: check_gpu.sh FOLDER PYTHON REPORT   SwiftShader is kept in FOLDER and used again
set -eu

here=$(cd "$(dirname "$0")" && pwd)
found=$(sh "$here/fixtures.sh" "$1/fixtures" "$2")
eval "$found"
"$2" -m pytest -q -rs "$here/../device/backends/test_gpu.py"
"$2" "$here/gpu_report.py" "$3"
