#!/bin/busybox sh
# The guest's init: mounts what tracer and its tests expect of a Linux system,
# runs the tests of /tests, says on the second serial port how they went, and
# turns the machine off. `TRACER_WITHOUT`, and `TRACER_FACTS` to say what this
# kernel offers instead, come from the kernel's command line.
# Each line that starts with "tracer-vm:" is for xtask/src/vm/verdict.rs.

/bin/busybox mkdir -p /proc /sys /dev /tmp /run /root
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root

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
    # Unquoted, because it is many words.
    "$test" $skip --test-threads=1 --color=never >$result 2>&1
    echo "tracer-vm: status $?" >$result
done

# What each rung is served by, and the verifier's cost of each program.
echo "tracer-vm: programs" >$result
/tracer record -vv --states=count ${TRACER_WITHOUT:+--without "$TRACER_WITHOUT"} /tmp/programs.trace \
    -- /bin/true >$result 2>&1
echo "tracer-vm: done" >$result
# Waits for the serial port to be empty.
stty -F $result raw >/dev/null
poweroff -f
