#!/usr/bin/env bash
# hardened.sh BUILD...: the binaries of these build folders have what makes a bug of theirs hard to use.
#
# It could break in silence: a flag that a compiler, an object or another link line drops costs nothing that a run shows.
# What the compiler does is asked of our own objects, as the C library brings the same names in its own.
set -u
status=0

# holds NAME [!] PATTERN: the text on stdin has it (or has not).
holds() {
	local name=$1 expected=0 found=1
	shift
	[ "$1" != '!' ] || { expected=1 && shift; }
	grep -qE -- "$1" && found=0
	[ $found = $expected ] || { echo "not hardened: $build: $name" && status=1; }
}

for build in "$@"; do
	file=$build/minivmm
	holds "runs at any address" 'Type: +DYN' < <(readelf -hW "$file")
	holds "says that it is a program, not a library" 'FLAGS_1.* PIE' < <(readelf -dW "$file")
	holds "all calls are bound at the start" 'FLAGS_1.* NOW' < <(readelf -dW "$file")
	holds "no relocation in code or constants" ! 'TEXTREL' < <(readelf -dW "$file")
	holds "read-only once it is relocated" 'GNU_RELRO' < <(readelf -lW "$file")
	holds "stack without code" 'GNU_STACK .* RW +0x' < <(readelf -lW "$file")
	holds "no page to write and to execute" ! ' RWE ' < <(readelf -lW "$file")
	holds "code apart from headers and constants" 'LOAD +0x0+ .* R +0x' < <(readelf -lW "$file")
	# Of our code only: the C library of Debian 12 has no such marks, so the file as a whole does not claim them.
	holds "marked jump targets" endbr64 < <(objdump -d --no-show-raw-insn "$build/obj/vmm/main.o" | grep -A1 '<main>:')
	holds "stack canaries" ' U __stack_chk_fail' < <(nm "$build/obj/vmm/host/sysfile.o")
	holds "checked string calls" ' U __v?snprintf_chk' < <(nm "$build/obj/vmm/host/sysfile.o")
	# cpuinfo_read keeps 16 KiB on the stack: its pages are touched one by one.
	holds "stack touched page by page" 'sub +\$0x1000,%rsp' < <(objdump -d --no-show-raw-insn "$build/obj/vmm/host/cpuinfo.o")
done
exit $status
