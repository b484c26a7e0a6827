# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# KTAP output and kselftest exit codes for tests written in shell.
#
#   . ./ktap.sh
#   ktap_plan 3                              how many results will come; may be left out
#   ktap_go_on 2 3                           a later boot of the same test: 2 of 3 results are there
#   ktap_ok NAME
#   ktap_not_ok NAME [WHY]
#   ktap_skip NAME WHY
#   ktap_check NAME COMMAND...               ok if the command succeeds; shows its output if not
#   ktap_skip_all WHY                        the test makes no sense here: ends it
#   ktap_done                                ends the test: 0 passed, 1 failed, 4 skipped
#
# A test that ends without ktap_done has failed.

KTAP_OK=0
KTAP_NOT_OK=0
KTAP_SKIP=0
KTAP_PLAN=
# What the last ktap_check had to say; two tests may run at a time.
KTAP_OUT=${TMPDIR:-/tmp}/ktap.$$.out

echo "KTAP version 1"

ktap_count() { echo $((KTAP_OK + KTAP_NOT_OK + KTAP_SKIP)); }

ktap_plan() {
	KTAP_PLAN=$1
	echo "1..$1"
}

ktap_go_on() {
	KTAP_OK=$1
	KTAP_PLAN=$2
}

# ktap_note TEXT: something a reader should know
ktap_note() { printf '%s\n' "$*" | sed 's/^/# /'; }

ktap_ok() {
	KTAP_OK=$((KTAP_OK + 1))
	echo "ok $(ktap_count) $1"
}

ktap_not_ok() {
	KTAP_NOT_OK=$((KTAP_NOT_OK + 1))
	[ -z "${2-}" ] || ktap_note "$2"
	echo "not ok $(ktap_count) $1"
}

ktap_skip() {
	KTAP_SKIP=$((KTAP_SKIP + 1))
	echo "ok $(ktap_count) $1 # SKIP ${2-}"
}

ktap_skip_all() {
	echo "1..0 # SKIP $*"
	exit 4
}

# The command runs in this shell, so that it may set variables.
ktap_check() {
	ktap_name=$1
	shift
	if "$@" >"$KTAP_OUT" 2>&1; then
		ktap_ok "$ktap_name"
	else
		ktap_not_ok "$ktap_name" "$* failed with $?:
$(cat "$KTAP_OUT")"
		return 1
	fi
}

ktap_done() {
	rm -f "$KTAP_OUT"
	if [ -z "$KTAP_PLAN" ]; then
		echo "1..$(ktap_count)"
	elif [ "$KTAP_PLAN" -ne "$(ktap_count)" ]; then
		ktap_note "planned $KTAP_PLAN results, got $(ktap_count)"
		exit 1
	fi
	[ "$KTAP_NOT_OK" -eq 0 ] || exit 1
	[ "$KTAP_OK" -gt 0 ] || [ "$KTAP_SKIP" -eq 0 ] || exit 4
	exit 0
}
