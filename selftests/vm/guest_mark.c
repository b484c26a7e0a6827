// SPDX-License-Identifier: GPL-2.0
/*
 * mark NUMBER [COMMAND...] - runs in a guest: has the outer machine note how many instructions
 * were executed so far
 *
 * With a command it is mark NUMBER, the command, mark NUMBER + 1. See outer_count.c; where that
 * is not loaded, the mark is a no-op that nobody sees.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The number is part of the instruction. */
#define MARK(n)	case n: asm volatile("nopl %c0(%%rax,%%rax)" :: "i"(0x6b560000 + (n))); break

static void mark(int number)
{
	switch (number) {
	MARK(1); MARK(2); MARK(3); MARK(4); MARK(5); MARK(6); MARK(7); MARK(8);
	MARK(9); MARK(10); MARK(11); MARK(12); MARK(13); MARK(14); MARK(15); MARK(16);
	default:
		fprintf(stderr, "mark: the number is 1 to 16\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int number = argc > 1 ? atoi(argv[1]) : 0, status = 0;
	pid_t child;

	if (argc > 2) {
		/* Made before the first mark, so that making it does not count. */
		int go[2];
		char c = 0;

		if (pipe(go))
			return 2;
		child = fork();
		if (child < 0)
			return 2;
		if (!child) {
			if (read(go[0], &c, 1) == 1)
				execvp(argv[2], argv + 2);
			_exit(127);
		}
		mark(number);
		if (write(go[1], &c, 1) != 1)
			return 2;
		waitpid(child, &status, 0);
		mark(number + 1);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
	}
	mark(number);
	return 0;
}
