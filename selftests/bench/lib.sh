# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What benchmarks share. Their guests' halves write lines "@bench before NAME COUNTER..." and "@bench behind NAME
# COUNTER...", each beside a mark that notes how many instructions were executed so far (vm/guest_mark.c).

say() { echo "# $*" >&2; }

# times N WORD...: prints the words so often
times() {
	local n=$1
	shift
	while [ "$n" -gt 0 ]; do
		echo -n "$* "
		n=$((n - 1))
	done
}

# build_for KERNEL: modules, provider, and what a guest's half runs
build_for() {
	selftests/vm/build-modules "$1" >&2
	make -s -C selftests provider >&2
	mkdir -p build/guest
	cc -O2 -static -o build/guest/mark selftests/vm/guest_mark.c
}

# by_the_clock TURNS TEST: what that measures, so often with each of the two, in turns. Its lines "@time ROW RATE HALF
# MOST" come as "@time STACK ROW RATE HALF MOST". A guest each, on two virtual CPUs: an emulated machine with two threads
# now and then dies without a word.
by_the_clock() {
	local stack tries result
	# shellcheck disable=SC2154 # the caller's
	result=$VM_WORK/$(basename "$2" .sh)-$kernel-smp2/result
	for stack in $(times "$1" kit in-tree); do
		for tries in 1 2 3; do
			rm -f "$result"
			if DRIVERS_WANTED=${stack/in-tree/stock} selftests/vm/run --keep --smp 2 --kernel "$kernel" "$2" >&2; then
				break
			fi
			[ "$tries" != 3 ] || return 1
		done
		sed -n "s/^@time /&$stack /p" "$result"
	done
}

# middles: of each "@time STACK ROW" the line in the middle, number by number, as "STACK ROW RATE HALF MOST"
middles() {
	awk '
		function middle(list, v, n, i, j, t) {
			n = split(list, v, " ")
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) {
					t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
				}
			return v[int((n + 1) / 2)]
		}
		$1 == "@time" {
			key = $2 " " $3
			rate[key] = rate[key] " " $4; half[key] = half[key] " " $5; most[key] = most[key] " " $6
		}
		END {
			for (key in rate)
				print key, middle(rate[key]), middle(half[key]), middle(most[key])
		}'
}

# least_costs RESULT: a line "NAME GUEST OTHER COUNTER..." for each, the least of all turns, for noise only adds
least_costs() {
	# What the guest noted comes in the order of its marks.
	awk '
		function least(name, i, value) {
			if (!((name, i) in best) || value < best[name, i])
				best[name, i] = value
		}
		FNR == NR { guest[NR] = $3; other[NR] = $4; next }
		$1 != "@bench" { next }
		$2 == "before" { at++; for (i = 4; i <= NF; i++) before[i] = $i }
		$2 == "behind" {
			at++
			fields = NF
			seen[$3] = 1
			least($3, 2, guest[at] - guest[at - 1])
			least($3, 3, other[at] - other[at - 1])
			for (i = 4; i <= NF; i++)
				least($3, i, $i - before[i])
		}
		END {
			for (name in seen) {
				line = name
				for (i = 2; i <= fields; i++)
					line = line " " best[name, i]
				print line
			}
		}' "$VM_WORK/outer-counted/marks" "$1"
}

# show_profile RESULT: modules and functions by their share. Where blocks are the guest has said itself, as lines
# "@sym ADDRESS NAME".
show_profile() {
	awk '
		FNR == NR && $1 == "@sym" { addr[++n] = $2; name[n] = $3 $4; next }
		FNR == NR { next }
		{
			# The last symbol at or before the block; hexadecimal of one length compares as text.
			lo = 1; hi = n
			while (lo < hi) {
				mid = int((lo + hi + 1) / 2)
				if (addr[mid] <= $1) lo = mid; else hi = mid - 1
			}
			if ($1 < "8000000000000000") {
				cost["(user space)"] += $2 * $3
			} else {
				cost[name[lo]] += $2 * $3
				module = name[lo] ~ /\[/ ? name[lo] : "[kernel]"
				sub(/.*\[/, "(all of [", module)
				cost[module ")"] += $2 * $3
			}
			all += $2 * $3
		}
		END { for (f in cost) printf "%12d %5.1f%%  %s\n", cost[f], cost[f] * 100 / all, f }
	' "$1" "$VM_WORK/outer-counted/profile" | sort -rn | head -n "${2-70}"
}
