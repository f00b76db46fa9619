# A parallel build with a target that fails. The script succeeds.
for number in $(seq 12); do
    echo "int f$number(int x) { return x + $number; }" > "f$number.c"
done
echo 'int main(void) { return 0; }' > main.c
cat > Makefile << 'MAKE'
objects = main.o $(patsubst %.c,%.o,$(wildcard f*.c))
all: program fails
program: $(objects)
	gcc -o $@ $^
%.o: %.c
	gcc -O2 -c -o $@ $<
fails: program
	false
MAKE
make -j3 -k || true
