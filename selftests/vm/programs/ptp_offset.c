// SPDX-License-Identifier: GPL-2.0
/*
 * ptp_offset DEVICE precise|extended: how far a PTP clock is ahead of the system's, in
 * nanoseconds, by a cross timestamp or between two readings of the system's; the exit
 * status is that of asking, and the reason for a failure is on stdout
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static long long ns(const struct ptp_clock_time *time)
{
	return time->sec * 1000000000ll + time->nsec;
}

static int precise(int fd, long long *ahead)
{
	struct ptp_sys_offset_precise cross = { 0 };

	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &cross))
		return -1;
	*ahead = ns(&cross.device) - ns(&cross.sys_realtime);
	return 0;
}

static int extended(int fd, long long *ahead)
{
	struct ptp_sys_offset_extended three = { .n_samples = 1 };

	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &three))
		return -1;
	*ahead = ns(&three.ts[0][1]) - (ns(&three.ts[0][0]) + ns(&three.ts[0][2])) / 2;
	return 0;
}

int main(int argc, char **argv)
{
	long long ahead;
	int fd;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || (!strcmp(argv[2], "precise") ? precise : extended)(fd, &ahead)) {
		printf("%s\n", strerror(errno));
		return 1;
	}
	printf("%lld\n", ahead);
	return 0;
}
