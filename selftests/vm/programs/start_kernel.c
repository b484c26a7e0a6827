// SPDX-License-Identifier: GPL-2.0
/*
 * start_kernel KERNEL INITRAMFS COMMAND-LINE: in the guest, starts another kernel
 * start_kernel --on-panic KERNEL ...: has it started by the next panic
 *
 * What kexec(8) does, of which the guests' tools have no copy.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int on_panic = argc > 1 && !strcmp(argv[1], "--on-panic");
	char **file = argv + 1 + on_panic;
	int kernel, initramfs;

	if (argc != 4 + on_panic) {
		fprintf(stderr, "usage: start_kernel [--on-panic] KERNEL INITRAMFS COMMAND-LINE\n");
		return 2;
	}
	kernel = open(file[0], O_RDONLY);
	initramfs = open(file[1], O_RDONLY);
	if (kernel < 0 || initramfs < 0 ||
	    syscall(SYS_kexec_file_load, kernel, initramfs, strlen(file[2]) + 1, file[2],
		    on_panic ? KEXEC_FILE_ON_CRASH : 0)) {
		perror("start_kernel");
		return 1;
	}
	if (on_panic)
		return 0;
	sync();
	/* The devices are shut down, the other CPUs stopped; then it begins. */
	reboot(LINUX_REBOOT_CMD_KEXEC);
	perror("start_kernel");
	return 1;
}
