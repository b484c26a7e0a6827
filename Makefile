# SPDX-License-Identifier: GPL-2.0
#
# vmbus-kit: Hyper-V guest drivers and the host side to test them.
#
#   make                 the modules, for the running kernel or KDIR=<its headers>
#   make install         into /lib/modules of that kernel, with what drivers of others need
#   make dkms-install    with DKMS, for the running kernel (KREL=), and by itself for later ones
#   make dkms-uninstall
#   make deb             the same as a Debian package, in build/deb
#   make install-tools   the tool vmbus-kit, and what has the modules loaded first; by dkms-install
#   make run             a guest with our drivers and a real disk; SHELL=1 for a shell in it
#   make check           seconds, without a machine: unit tests, fuzzers, rules, sparse
#   make test            the whole suite
#   make test-nightly    with four CPUs and longer fuzzing
#   make test-sanitized  every guest test under KASAN, lockdep, kmemleak; builds a kernel, once
#   make bench-vmbus     what the bus costs, beside the kernel's own; prints docs/bench/vmbus.md
#   make bench-storage   what a disk costs, beside in-tree and others; writes docs/bench/storage.*
#   make bench-net       what a NIC costs, beside in-tree and others; writes docs/bench/net.*
#   make kernels         the modules for every kernel of the test matrix, strictly
#   make provider        the host side, a plugin for QEMU
#   make states          the channel's table of moves, as documentation shows it
#   make kernel-table    puts what tests have found of each kernel into README.md
#   make setup           install what tests need from Debian
#   make clean

# "make run SHELL=1" must not change the shell of our own recipes.
WANT_SHELL := $(if $(filter command line,$(origin SHELL)),$(SHELL))
override SHELL := /bin/sh

KREL ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KREL)/build
TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' $(TOP)/dkms.conf)
DKMS_SRC := /usr/src/vmbus-kit-$(VERSION)
SOURCES := Kbuild Makefile dkms.conf include vmbus_client storvsc netvsc hv_utils
# Older kernels' headers come without a vmlinux to take types from; newer ones need a tool for it.
KBUILD_ARGS := CONFIG_DEBUG_INFO_BTF_MODULES=
KBUILD := $(MAKE) -C $(KDIR) M=$(TOP) $(KBUILD_ARGS)


.PHONY: modules install clean setup kernels provider check run test test-nightly \
	bench-vmbus bench-storage bench-net test-sanitized states kernel-table \
	dkms-install dkms-uninstall install-tools uninstall-tools deb

modules:
	+$(KBUILD) modules

install: modules
	+$(KBUILD) modules_install
	include/kit.sh copy $(INSTALL_MOD_PATH)/lib/modules/$(KREL)/vmbus-kit
	depmod -a $(KREL)

clean:
	rm -rf build
	$(if $(wildcard $(KDIR)),$(KBUILD) clean)

dkms-install: install-tools
	rm -rf $(DKMS_SRC)
	mkdir -p $(DKMS_SRC)
	cp -a $(wildcard $(SOURCES)) $(DKMS_SRC)/
	dkms install --force vmbus-kit/$(VERSION) \
		$(if $(filter command line,$(origin KREL)),-k $(KREL))

install-tools:
	include/install/files.sh install $(DESTDIR)

uninstall-tools:
	include/install/files.sh remove $(DESTDIR)

deb:
	include/install/deb.sh build/deb $(DEB_VERSION)

dkms-uninstall: uninstall-tools
	-dkms remove vmbus-kit/$(VERSION) --all
	rm -rf $(DKMS_SRC)

setup:
	selftests/vm/setup

kernels:
	selftests/vm/build-modules

provider:
	$(MAKE) -C selftests provider

states:
	@$(MAKE) -s -C selftests states

kernel-table:
	selftests/kernel-table --write

check:
	selftests/suite check

run:
	SHELL=/bin/sh selftests/vm/demo $(if $(WANT_SHELL),--shell)

test:
	selftests/suite test

bench-vmbus:
	@selftests/bench/vmbus

bench-storage:
	@selftests/bench/storage

bench-net:
	@selftests/bench/net

test-nightly:
	SMP=4 FUZZ_SECONDS=600 selftests/suite nightly

test-sanitized:
	selftests/suite sanitized
