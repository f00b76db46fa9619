# Two storms of forks at once.
storm() {
    for number in $(seq 1200); do
        (exit $((number % 2)))
    done
}
storm &
storm &
wait
