#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tally believes nothing but results: whatever breaks off counts as failed.

cd "$(dirname "$0")/.." || exit 1
. ./ktap.sh

# tallied NAME CODE LAST-LINE INPUT: what it says and how it ends
tallied() {
	said=$(printf '%b' "$4" | ./tally)
	code=$?
	last=$(echo "$said" | tail -n 1)
	if [ "$code" -eq "$2" ] && [ "$last" = "$3" ]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1" "exit $code, \"$last\"; should be exit $2, \"$3\""
	fi
}

tallied all_passed 0 '2 passed, 0 failed, 0 skipped' \
	'KTAP version 1\n1..2\nok 1 a\nok 2 b\n'
tallied plan_at_the_end 0 '1 passed, 0 failed, 0 skipped' 'TAP version 13\nok 1 a\n1..1\n'
tallied one_failed 1 '1 passed, 1 failed, 0 skipped' \
	'KTAP version 1\n1..2\nok 1 a\nnot ok 2 b\n'
tallied skipped_is_not_passed 0 '1 passed, 0 failed, 1 skipped' \
	'KTAP version 1\n1..2\nok 1 a\nok 2 b # SKIP no disk\n'
tallied nothing_ran 1 '0 passed, 0 failed, 0 skipped' ''
tallied only_noise 1 '0 passed, 0 failed, 0 skipped' '# all well\nok-ish\n'
tallied broke_off 1 '1 passed, 1 failed, 0 skipped' 'KTAP version 1\n1..2\nok 1 a\n'
tallied broke_off_before_the_next 1 '2 passed, 1 failed, 0 skipped' \
	'KTAP version 1\n1..2\nok 1 a\nKTAP version 1\n1..1\nok 1 b\n'
tallied one_result_too_many 1 '2 passed, 1 failed, 0 skipped' \
	'KTAP version 1\n1..1\nok 1 a\nok 2 b\n'
tallied no_plan 1 '1 passed, 1 failed, 0 skipped' 'KTAP version 1\nok 1 a\n'
tallied died_after_its_plan 1 '1 passed, 1 failed, 0 skipped' \
	'KTAP version 1\n1..1\nok 1 a\nBail out! exit code 23\n'
tallied skipped_as_a_whole 0 '1 passed, 0 failed, 1 skipped' \
	'KTAP version 1\n1..0 # SKIP no headers\nKTAP version 1\n1..1\nok 1 a\n'

ktap_done
