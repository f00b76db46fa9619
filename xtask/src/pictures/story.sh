#!/bin/bash
# Recorded for the pictures: a build with a killed command, a parent that does not
# wait, and a fork with copied pages. Writes its PID to the file in $1.
echo $$ > "$1"
dir=$(mktemp -d)
trap 'rm -rf $dir' EXIT
# Outlives the script, and so do its zombies.
bash -c 'sleep 0.1 & sleep 0.3 & (exit 3) & exec sleep 5' &
cat > "$dir/Makefile" <<'MAKE'
all: main.o lexer.o parser.o codegen.o
%.o:
	@sleep 0.$$((RANDOM % 4 + 1)); test $* != parser || (kill -9 $$$$)
MAKE
make -s -k -j2 -C "$dir" SHELL=/bin/bash 2> /dev/null
if [ -x /usr/bin/python3 ]; then
	cat > "$dir/snapshot.py" <<'PYTHON'
import os
pages = bytearray(48 << 20)
child = os.fork()
for at in range(0, len(pages), 4096 if child == 0 else 16384):
    pages[at] = 1
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
PYTHON
	/usr/bin/python3 "$dir/snapshot.py"
fi
for job in 1 2 3 4 5 6; do sleep 0.05; done
exit 0
