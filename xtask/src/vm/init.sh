#!/bin/busybox sh
# The guest's init: mounts what tracer and its tests expect of a Linux system,
# runs the tests of /tests, writes their output to the second serial port, and
# turns the machine off. The kernel's command line sets `TRACER_WITHOUT`, or
# `TRACER_FACTS` to print what this kernel offers instead.
# xtask/src/vm/verdict.rs parses the lines that start with "tracer-vm:".

/bin/busybox mkdir -p /proc /sys /dev /tmp /run /root /etc
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root

echo root:x:0:0:root:/root:/bin/sh >/etc/passwd
echo nobody:x:65534:65534:nobody:/nonexistent:/bin/sh >>/etc/passwd
echo nogroup:x:65534: >/etc/group

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up

exec </dev/null >/dev/console 2>&1
result=/dev/ttyS1
# No carriage returns in what the tests print.
stty -F $result raw

# An empty one denies nothing.
[ -n "$TRACER_WITHOUT" ] || unset TRACER_WITHOUT
export TRACER_BIN=/tracer TRACER_WORKLOAD=/workload TRACER_IN_VM=1 RUST_BACKTRACE=0
cd /tmp
echo "tracer-vm: kernel $(uname -r)" >$result
if [ -n "$TRACER_FACTS" ]; then
    echo "tracer-vm: facts" >$result
    /tracer doctor --facts >$result 2>&1
    echo "tracer-vm: done" >$result
    stty -F $result raw >/dev/null
    poweroff -f
fi
skip=$(sed -n 's/^./--skip &/p' /skipped)
for test in /tests/*; do
    echo "tracer-vm: test ${test#/tests/}" >$result
    # Unquoted: it is a list of words.
    "$test" $skip --test-threads=1 --color=never >$result 2>&1
    echo "tracer-vm: status $?" >$result
done

# The hook of each purpose, and the verifier's cost of each program.
echo "tracer-vm: programs" >$result
/tracer record -vv --states=count ${TRACER_WITHOUT:+--without "$TRACER_WITHOUT"} /tmp/programs.trace \
    -- /bin/true >$result 2>&1
echo "tracer-vm: done" >$result
# Waits until the serial port is empty.
stty -F $result raw >/dev/null
poweroff -f
