#!/bin/sh
# Writes what the kernel of a Raspberry Pi 4 or 5 tells of its processor, its heat and its supply.
#
# usage: pi.sh FOLDER CPU      CPU is cortex-a72 or cortex-a76
set -eu
folder=$1
case $2 in
    cortex-a72) part=0xd08 variant=0x0 revision=3 model='Raspberry Pi 4 Model B Rev 1.5' board=c03115
        features='fp asimd evtstrm crc32 cpuid' ;;
    cortex-a76) part=0xd0b variant=0x4 revision=1 model='Raspberry Pi 5 Model B Rev 1.0' board=d04170
        features='fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp' ;;
    *) echo "pi.sh: $2 is neither cortex-a72 nor cortex-a76" >&2; exit 1 ;;
esac
cpus=$folder/sys/devices/system/cpu
mkdir -p "$cpus"
for name in possible present online; do echo 0-3 > "$cpus/$name"; done
echo 3 > "$cpus/kernel_max"
for number in 0 1 2 3; do
    printf 'processor\t: %s\nBogoMIPS\t: 108.00\nFeatures\t: %s\nCPU implementer\t: 0x41\n' \
        "$number" "$features"
    printf 'CPU architecture: 8\nCPU variant\t: %s\nCPU part\t: %s\nCPU revision\t: %s\n\n' \
        "$variant" "$part" "$revision"
    topology=$cpus/cpu$number/topology
    mkdir -p "$topology" "$cpus/cpu$number/cpufreq"
    echo 0 > "$topology/physical_package_id"
    echo "$number" > "$topology/core_id"
    for name in core_siblings_list package_cpus_list cluster_cpus_list; do
        echo 0-3 > "$topology/$name"
    done
    for name in thread_siblings_list core_cpus_list; do echo "$number" > "$topology/$name"; done
    echo 1800000 > "$cpus/cpu$number/cpufreq/cpuinfo_max_freq"
    echo 600000 > "$cpus/cpu$number/cpufreq/cpuinfo_min_freq"
done > "$folder/cpuinfo"
printf 'Hardware\t: BCM2835\nRevision\t: %s\nModel\t\t: %s\n' "$board" "$model" >> "$folder/cpuinfo"
# 62 °C, and an under-voltage that is over; the doctor must say both.
mkdir -p "$folder/sys/class/thermal/thermal_zone0" "$folder/sys/devices/platform/soc/soc:firmware"
echo 62000 > "$folder/sys/class/thermal/thermal_zone0/temp"
echo 10000 > "$folder/sys/devices/platform/soc/soc:firmware/get_throttled"
