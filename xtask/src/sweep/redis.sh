# Redis saves its data in the background while clients overwrite it.
port=17390
cli() { redis-cli -p $port "$@"; }
write() { redis-benchmark -p $port -t set -d 1000 -q -P 32 -r 20000 -n 40000 > /dev/null; }
redis-server --port $port --bind 127.0.0.1 --save '' > log &
until cli ping 2> /dev/null | grep -q PONG; do sleep 0.05; done
write
cli bgsave
write
until cli info persistence | grep -q 'rdb_bgsave_in_progress:0'; do sleep 0.05; done
kill $!
wait $!
