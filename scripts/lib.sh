# shellcheck shell=bash
# What every script here shares: plain lines, a way to be root, Debian packages. Sourced, never run.

say() {
	printf '%s\n' "$*"
}

warn() {
	printf '%s\n' "$*" >&2
}

die() {
	warn "$*"
	exit 1
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# Can something be run as root at all? Asks for no password where none can be typed.
can_root() {
	[ "$(id -u)" = 0 ] && return 0
	have sudo || return 1
	sudo -n true 2>/dev/null && return 0
	[ -t 0 ] && sudo -v
}

# Run a command as root: directly, or through sudo. Fails where neither is possible.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

# Write one value into a file that only root may write.
root_write() {
	printf '%s\n' "$2" | as_root tee "$1" >/dev/null
}

# Of the Debian packages named, those that are not installed.
packages_missing() {
	local package
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$package"
	done
}

# Install what is missing of the packages named. Says what it does; 1 where it cannot, with the command to type.
packages_install() {
	local missing
	if ! have dpkg-query || ! have apt-get; then
		warn "not a Debian system: please provide what these packages hold: $*"
		return 1
	fi
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! can_root; then
		warn "neither root nor sudo here; please run: apt-get install ${missing[*]}"
		return 1
	fi
	say "installing from Debian: ${missing[*]}"
	local log status=0
	log=$(mktemp) || return 1
	{
		as_root apt-get -qq update &&
			as_root env DEBIAN_FRONTEND=noninteractive \
				apt-get -qq -y install --no-install-recommends "${missing[@]}"
	} >"$log" 2>&1 || status=1
	if [ $status != 0 ]; then
		tail -n 15 "$log" >&2
		warn "apt-get failed (above); the rest goes on without: $(packages_missing "${missing[@]}" | xargs)"
	fi
	rm -f "$log"
	return $status
}

# 2M -> 2048: the KiB in which /sys/kernel/mm/hugepages names a pool. Fails for what is no huge page size.
hugepage_kib() {
	case $1 in
	2M) echo 2048 ;;
	1G) echo 1048576 ;;
	*) return 1 ;;
	esac
}

# One count of a pool: pool_count 2M free_hugepages. 0 where the kernel has no such pool.
pool_count() {
	local kib
	kib=$(hugepage_kib "$1") || return 1
	cat "/sys/kernel/mm/hugepages/hugepages-${kib}kB/$2" 2>/dev/null || echo 0
}

# Free and not reserved.
pool_available() {
	echo $(($(pool_count "$1" free_hugepages) - $(pool_count "$1" resv_hugepages)))
}

# First hugetlbfs mount of that page size, or nothing.
hugetlbfs_mount() {
	local dir type options default
	default=$(awk '/^Hugepagesize:/ { print $2 == 2048 ? "2M" : $2 == 1048576 ? "1G" : $2 "K" }' /proc/meminfo)
	while read -r _ dir type options _; do
		# Another mount may lie above it.
		[ "$type" = hugetlbfs ] && [ "$(stat -f -c %T -- "$dir" 2>/dev/null)" = hugetlbfs ] || continue
		case ,$options, in
		*,pagesize="$1"[B,]*) echo "$dir" ;;
		*,pagesize=1024M,*) [ "$1" = 1G ] && echo "$dir" ;;
		*,pagesize=*) continue ;;
		*) [ "$1" = "$default" ] && echo "$dir" ;;
		esac && return 0
	done </proc/self/mounts
	return 1
}

# Whole seconds since this shell started, for progress lines.
elapsed() {
	printf '%3d s' "$SECONDS"
}

# Where a script notes how to put back what it changes: pools, swap and KSM live as long as the kernel, and so do the
# files below /run. Without those, a directory of this user. state_file NAME
state_file() {
	local dir=${XDG_RUNTIME_DIR-}
	if [ "$(id -u)" = 0 ] && [ -w /run ]; then
		dir=/run
	elif [ -z "$dir" ]; then
		dir=${XDG_STATE_HOME:-${HOME:?has to be set}/.local/state}/minivmm
		(umask 077 && mkdir -p "$dir") || die "cannot make $dir"
	fi
	echo "$dir/minivmm-$1.state"
}

boot_id() {
	cat /proc/sys/kernel/random/boot_id
}

# What is read, written and locked by name lies where no other user can lay a file or link of that name. private_place FILE
private_place() {
	local dir
	dir=$(dirname -- "$1")
	[ -d "$dir" ] || die "$dir is not there, or no directory"
	[ -n "$(find -H "$dir" -maxdepth 0 \( -uid 0 -o -uid "$(id -u)" \) ! -perm -002)" ] ||
		die "$1: other users may write in $dir; name a file in a directory of this user alone (mktemp -d)"
}

# Is it a link that another user laid, where anybody may? The kernel follows none of those once fs.protected_symlinks is set.
foreign_link() {
	local dir
	dir=$(dirname -- "$1")
	[ -L "$1" ] && [ -n "$(find -H "$dir" -maxdepth 0 -perm -1002)" ] || return 1
	[ "$(stat -c %u -- "$1")" != "$(id -u)" ] && [ "$(stat -c %u -- "$1")" != "$(stat -L -c %u -- "$dir")" ]
}

# A state that is not ours, or of another boot, is not obeyed. Its first line is "boot ID". state_check FILE
state_check() {
	private_place "$1"
	[ -e "$1" ] || [ -L "$1" ] || return 0
	if [ -L "$1" ] || [ ! -O "$1" ] || [ ! -f "$1" ]; then
		die "$1 is not a file of this user: not touched"
	fi
	if [ "$(head -n 1 "$1")" != "boot $(boot_id)" ]; then
		warn "$1 is of another boot: what it speaks of is long gone"
		rm -f "$1"
	fi
}

# "process 12 (sleep)" for each that holds the lock of a file, as /proc/locks has them.
lock_holders() {
	local pid inode
	inode=$(stat -L -c %i "$1")
	awk -v end=":$inode" '$2 == "FLOCK" && substr($6, length($6) - length(end) + 1) == end { print $5 }' /proc/locks |
		while read -r pid; do
			printf 'process %s (%s) ' "$pid" "$(tr -cd '[:print:]' 2>/dev/null <"/proc/$pid/comm")"
		done
}

# Lock FILE until this script and its children have ended. Who is waited for is told, and not waited for without end.
take_turn() {
	have flock || return 0
	[ ! -e "$1" ] || { [ -f "$1" ] && [ ! -L "$1" ]; } || die "$1 is no plain file: not touched"
	{ exec 9>>"$1"; } 2>/dev/null || die "cannot write $1"
	flock -w 2 9 && return 0
	warn "waiting for $(lock_holders "$1")to give back the lock of $1"
	flock -w "${MINIVMM_LOCK_SECONDS:-600}" 9 ||
		die "$1 is locked by $(lock_holders "$1")still: end it, or let it go on (kill -CONT), then try again"
}
