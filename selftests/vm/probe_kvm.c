// SPDX-License-Identifier: GPL-2.0
/*
 * Says whether this machine's KVM can be Hyper-V to a guest: exits with 0 if so.
 *
 * A device node that opens, and even one that makes virtual machines, proves nothing; only the
 * capabilities do. Their numbers are part of the kernel's ABI, and written out here because old
 * headers lack them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <linux/kvm.h>

static const struct {
	int nr;
	const char *name;
} wanted[] = {
	{ 148, "KVM_CAP_HYPERV_SYNIC2" },
	{ 154, "KVM_CAP_HYPERV_EVENTFD" },
};

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	unsigned int i;

	if (kvm < 0) {
		perror("/dev/kvm");
		return 1;
	}
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (ioctl(kvm, KVM_CHECK_EXTENSION, wanted[i].nr) <= 0) {
			fprintf(stderr, "/dev/kvm lacks %s\n", wanted[i].name);
			return 1;
		}
	}
	return 0;
}
