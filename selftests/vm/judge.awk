# SPDX-License-Identifier: GPL-2.0
#
# Reads what a guest reported and what QEMU said, prints the KTAP of one test, writes its tally.
#
# Given: name, status (how the machine ended), limit (seconds), referee (there was a provider),
# tally (file). expect: the guest shall die, and each of these patterns, ";" between them, shall be
# in QEMU's messages or on the console.
# First file: lines of the test; then "@exit STATUS"; "@klog LINE"...; "@dmesg LINE"...; "@end".
# Second file: QEMU's messages. Third: the console.

function result(good, what) {
	count++
	lines[++n] = (good ? "ok " : "not ok ") count " " what
	if (good)
		passed++
	else
		failed++
}

function note(text) { lines[++n] = "# " text }

BEGIN { expect_cnt = split(expect, pattern, / *; */) }

FILENAME != ARGV[1] {
	if (/VIOLATION:/)
		violations[++violation_cnt] = $0
	for (i = 1; i <= expect_cnt; i++)
		if ($0 ~ pattern[i])
			met[i] = 1
	next
}

/^@exit / { exited = 1; exit_status = $2; next }
/^@klog / { complaints[++complaint_cnt] = substr($0, 7); next }
/^@end$/ { ended = 1; next }
/^@dmesg / { next }
exited { next }

/^KTAP version/ || /^TAP version/ { next }
/^1\.\.0/ && /# *SKIP/ {
	sub(/^[^#]*# *SKIP */, "")
	count++
	skipped++
	lines[++n] = "ok " count " " name " # SKIP " $0
	planned = -1
	next
}
/^1\.\.[0-9]+/ { planned = substr($1, 4) + 0; has_plan = 1; next }
/^(not )?ok / {
	good = !/^not /
	sub(/^(not )?ok *[0-9]* *(- )?/, "")
	if (good && /# *SKIP/) {
		count++
		skipped++
		lines[++n] = "ok " count " " $0
	} else {
		result(good, $0)
	}
	next
}
/^$/ { next }
{ lines[++n] = (/^#/ ? "" : "# ") $0 }

END {
	seen = count
	if (expect_cnt) {
		result(!ended && status != 124 && status != 125, "guest_died")
		if (planned != seen)
			result(0, "plan # " planned + 0 " results were planned and " seen + 0 " came")
		for (i = 1; i <= expect_cnt; i++)
			result(i in met, "seen_from_outside # " pattern[i])
	} else if (!ended) {
		if (status == 124)
			result(0, "guest_ended # stopped after the limit of " limit " s")
		else if (status == 125)
			result(0, "guest_ended # the outer machine hung, twice")
		else
			result(0, "guest_ended # it died before it could report, see its console")
	} else {
		if (!has_plan && !skipped)
			result(0, "plan # the test ended without a plan, so perhaps too early")
		if (has_plan && planned != seen)
			result(0, "plan # " planned " results were planned and " seen + 0 " came")
		if (exit_status != 0 && exit_status != 4 && !failed)
			result(0, "exit_status # the test ended with " exit_status)
		for (i = 1; i <= complaint_cnt && i <= 60; i++)
			note(complaints[i])
		result(!complaint_cnt, "kernel_log_clean")
	}
	if (referee) {
		for (i = 1; i <= violation_cnt && i <= 20; i++)
			note(violations[i])
		result(!violation_cnt, "no_violation")
	}
	print "KTAP version 1"
	print "1.." count
	for (i = 1; i <= n; i++)
		print lines[i]
	print passed + 0, failed + 0, skipped + 0 >tally
}
