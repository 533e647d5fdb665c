# shellcheck shell=bash
# What the emulated hosts share: where things are kept, the host table, and why something cannot be done here.
# Sourced, never run. STORE keeps what was fetched from one run to the next; logs of the last run are below it too.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. scripts/lib.sh
. scripts/tap.sh

HERE=tests/hosts
STORE=${MINIVMM_HOSTS_STORE:-$PWD/build/hosts}
KERNEL=$STORE/kernel
BOOT_SECONDS=${BOOT_SECONDS:-900}

# The lines of a table without its comments.
table() {
	grep -v -e '^#' -e '^$' "$HERE/$1"
}

# host_row NAME: that host's line of hosts.tsv; 1 where there is none.
host_row() {
	table hosts.tsv | awk -F '\t' -v name="$1" '$1 == name { print; found = 1 } END { exit !found }'
}

# What makes two hosts one machine, so that one boot serves both: everything but module arguments and cases.
machine_of() {
	host_row "$1" | cut -f 2-5
}

# The cases of one host as "name kind expectation arguments" lines, those whose name matches CASES where that is set.
cases_of() {
	all_cases_of "$1" | awk -F '\t' -v wanted="${CASES-}" '$1 ~ wanted'
}

# The set "guests" is tests/guests/expect.tsv, less those that the host's own line takes out again by "-name".
all_cases_of() {
	local sets
	sets=,$(host_row "$1" | cut -f 8),
	table cases.tsv | awk -F '\t' -v OFS='\t' -v sets="$sets" 'index(sets, "," $1 ",") { print $2, $3, $4, $5 }'
	[[ $sets != *,guests,* ]] || grep -v -e '^#' -e '^$' tests/guests/expect.tsv |
		awk -F '\t' -v OFS='\t' -v sets="$sets" '!index(sets, ",-" $1 ",") {
			print "bad guest " $1, "refused", $3 " " $4, "--memory 64M --guest /guests/" $1 ".elf " $2 }'
}

# Why this machine cannot emulate with $1 (bochs, qemu); nothing where it can.
missing_tools() {
	local tool tools=(jq cpio strip dpkg-deb apt-get xz)
	case $1 in
	bochs) tools+=(bochs-bin grub-mkrescue xorriso mformat script) ;;
	qemu) tools+=(qemu-system-x86_64) ;;
	esac
	for tool in "${tools[@]}"; do
		have "$tool" || {
			echo "$tool is not installed (scripts/deps.sh test)"
			return
		}
	done
	[ "$1" != bochs ] || [ -d /usr/lib/grub/i386-pc ] || echo "grub-pc-bin is not installed (scripts/deps.sh test)"
}
