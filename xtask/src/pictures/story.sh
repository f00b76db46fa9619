# The story that the pictures tell. A process called `story` makes the rest.
cp /bin/bash "$(dirname "$0")/story-shell"
exec -a story bash -c '
printf story > /proc/self/comm
dir=$(mktemp -d)
trap "rm -rf $dir" EXIT
cat > "$dir/Makefile" <<MAKE
all: main.o lexer.o parser.o
%.o:
	@sleep 0.\$\$((RANDOM % 4 + 1)); test \$* != parser || sh -c "kill -9 \$\$PPID"
MAKE
make -s -j2 -C "$dir" SHELL=/bin/bash 2> /dev/null
for job in 1 2 3 4 5 6; do (sleep 0.05) ; done
# An owner that never waits: its child is a zombie until it ends itself.
bash -c "sleep 0.2 & exec sleep 1.2" &
(sleep 0.3; exit 3) &
wait
'
