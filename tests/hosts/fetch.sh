# shellcheck shell=bash
# A kernel with KVM as modules, and a static busybox: Debian's own packages, unpacked into the build folder and
# kept there. Nothing is installed. Sourced, never run.

# package_unpack PACKAGE DIRECTORY: fetch it from where this Debian gets its packages, and unpack it there.
package_unpack() {
	local work
	work=$(mktemp -d) || return 1
	chmod 755 "$work"
	(cd "$work" && apt-get -qq download "$1") >"$work/log" 2>&1 ||
		{ as_root apt-get -qq update && (cd "$work" && apt-get -qq download "$1"); } >"$work/log" 2>&1 &&
		mkdir -p "$2" && dpkg-deb -x "$work"/*.deb "$2" 2>>"$work/log"
	local status=$?
	[ $status = 0 ] || fetch_reason="package $1 cannot be fetched: $(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")"
	rm -rf "$work"
	return $status
}

# One module from the unpacked kernel, without its debug information, into KERNEL.
module_keep() {
	local file
	file=$(find "$1/lib/modules" -name "$2.ko*" | head -n 1)
	[ -n "$file" ] || {
		fetch_reason="the kernel package has no module $2"
		return 1
	}
	cp "$file" "$KERNEL.new/" || return 1
	case $file in
	*.xz) xz -d "$KERNEL.new/$2.ko.xz" ;;
	esac
	strip --strip-debug "$KERNEL.new/$2.ko"
}

# KERNEL/vmlinuz, KERNEL/*.ko and KERNEL/busybox. 1 with the reason in fetch_reason.
fetch_all() {
	local name module tree=$STORE/unpacked
	[ ! -e "$KERNEL/complete" ] || [ ! -e "$KERNEL/lzo-rle.ko" ] || return 0
	name=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" && /linux-image-[0-9]/ { print $2; exit }')
	[ -n "$name" ] || {
		fetch_reason="this system's package lists name no linux-image-cloud-amd64"
		return 1
	}
	rm -rf "$tree" "$KERNEL" "$KERNEL.new"
	mkdir -p "$KERNEL.new" || return 1
	package_unpack "$name" "$tree" && package_unpack busybox-static "$tree" || return 1
	for module in irqbypass kvm kvm-intel kvm-amd zsmalloc zram lzo-rle; do
		module_keep "$tree" $module || return 1
	done
	cp "$tree"/boot/vmlinuz-* "$KERNEL.new/vmlinuz" && cp "$tree/bin/busybox" "$KERNEL.new/busybox" &&
		echo "$name" >"$KERNEL.new/complete" && mv "$KERNEL.new" "$KERNEL" && rm -rf "$tree"
}
