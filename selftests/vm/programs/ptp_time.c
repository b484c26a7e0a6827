// SPDX-License-Identifier: GPL-2.0
/*
 * ptp_time DEVICE: what time a PTP clock has, in seconds since 1970; the exit
 * status is that of reading it, and the reason for a failure is on stdout
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec now;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY);
	/* A clock that is a file descriptor: clock_gettime(2) has the formula. */
	if (fd < 0 || clock_gettime((clockid_t)((~(unsigned int)fd << 3) | 3), &now)) {
		printf("%s\n", strerror(errno));
		return 1;
	}
	printf("%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	return 0;
}
