# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash

_vmbus_kit() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	case $before in
	vmbus-kit) mapfile -t COMPREPLY < <(compgen -W "status check dump switch help --root --force" -- "$word") ;;
	dump) mapfile -t COMPREPLY < <(compgen -W "--json" -- "$word") ;;
	switch) mapfile -t COMPREPLY < <(compgen -W "kit in-tree" -- "$word") ;;
	check) mapfile -t COMPREPLY < <(cd /lib/modules && compgen -d -- "$word") ;;
	--force) mapfile -t COMPREPLY < <(compgen -W "switch" -- "$word") ;;
	--root) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	esac
}
complete -F _vmbus_kit vmbus-kit
