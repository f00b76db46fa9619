# Two pid namespaces end, with children and zombies in them: the init of the first exits, that
# of the second is killed.
inside='for number in 1 2 3; do (exit $number) & sleep 100 & done; sleep 0.3'
unshare --pid --fork --mount-proc bash -c "$inside; exit 4"
timeout --signal KILL 0.6 unshare --pid --fork --kill-child --mount-proc bash -c "$inside; sleep 100"
true
