// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps a virtual machine with one processor that never runs, until it is killed.
 *
 * When the first machine of KVM is made the kernel rewrites branches in its scheduler, and when
 * one of a machine's local APICs is switched on or the last is, in KVM; when they are gone, back
 * again. The emulator may translate such code just when another CPU rewrites it, and keep what it
 * read (QEMU 7.2): both CPUs then run into a breakpoint, for ever, that is no longer there. With
 * this machine made before a second CPU is there, and kept, nothing is rewritten any more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/kvm.h>

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	/* Its APIC is off, as after a reset. */
	if (vm < 0 || ioctl(vm, KVM_CREATE_IRQCHIP, 0) || ioctl(vm, KVM_CREATE_VCPU, 0) < 0) {
		perror("a machine to be kept");
		return 1;
	}
	puts("kept");
	fflush(stdout);
	for (;;)
		pause();
}
