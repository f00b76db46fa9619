#!/usr/bin/env bash
# Linux 6.18 (the running kernel): signal:signal_deliver reports SIGKILL for a death by SIGTERM.
# Expected: the tracepoint reports the signal that is delivered, with its sender's siginfo
#   (comment of TRACE_EVENT(signal_deliver) in include/trace/events/signal.h: "@sig: signal
#   number"), so a process that SIGTERM terminates has a signal_deliver event with sig=15.
# Seen: its only signal_deliver event has sig=9 and code=0 (SI_USER), as if a user had sent
#   SIGKILL, while wait(2) reports SIGTERM. complete_signal() (kernel/signal.c) marks the thread group as exiting and
#   adds SIGKILL to each thread; get_signal() then takes the path of an exiting group, which
#   traces SIGKILL. A tool that reads the cause of death from signal_deliver names the wrong
#   signal; signal_generate has the right one.
# Found by: `tracer record` beside the wait status of the same process (../docs/kernel-support.md).
set -euo pipefail

tracing=/sys/kernel/tracing
[ -w "$tracing/instances" ] || { echo "needs root and tracefs at $tracing"; exit 2; }
# An instance of its own leaves other users of tracefs alone.
instance=$tracing/instances/finding-$$
mkdir "$instance"
target=
trap '[ -z "$target" ] || kill -9 "$target" 2>/dev/null || true
      echo 0 > "$instance/events/enable"; rmdir "$instance"' EXIT

sleep 60 &
target=$!
echo "pid == $target" > "$instance/events/signal/signal_generate/filter"
echo "common_pid == $target" > "$instance/events/signal/signal_deliver/filter"
echo 1 > "$instance/events/signal/enable"
# The signal must find the process asleep, not on its way to exec.
until grep -q '^State:.S' "/proc/$target/status" && grep -q '^Name:.sleep' "/proc/$target/status"
do sleep 0.1; done
kill -TERM "$target"
status=0
wait "$target" 2>/dev/null || status=$?
target=

events=$(grep -v '^#' "$instance/trace" | sed 's/.*\(signal_[a-z]*\): /\1: /')
echo "kernel:      $(uname -r)"
echo "expectation: signal_deliver sig=15, as wait(2) and signal_generate report"
echo "behaviour:   wait status $status (128 + $((status - 128)))"
echo "$events" | sed 's/^/             /'
if [ "$status" = 143 ] && grep -q '^signal_generate: sig=15' <<< "$events" &&
   grep -q '^signal_deliver: sig=9 ' <<< "$events" &&
   ! grep -q '^signal_deliver: sig=15' <<< "$events"; then
    exit 0
fi
echo "this has changed"
exit 1
