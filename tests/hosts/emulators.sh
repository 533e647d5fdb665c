# shellcheck shell=bash
# One boot of an emulated host: its serial port goes to a file. Sourced, never run.
#
# Both are told to leave out what takes a minute and tests nothing here (crypto self-tests, mitigations). Judge a boot
# by its serial log: Bochs ends with status 1 whatever happened.

QUICK_BOOT="console=ttyS0 quiet panic=-1 mitigations=off nokaslr cryptomgr.notests tsc=reliable random.trust_cpu=on"

# boot_emulator EMULATOR CPU MEMORY KERNEL-ARGUMENTS INITRAMFS DIRECTORY: the log is DIRECTORY/serial.log
boot_emulator() {
	case $1 in
	bochs) boot_bochs "${@:2}" ;;
	qemu) boot_qemu "${@:2}" ;;
	esac
}

# Much longer than a boot, or from one "@@ alive" to the next, may take, also where other work has the CPUs.
SILENT_SECONDS=${SILENT_SECONDS:-240}

# until_silent LOG COMMAND...: end it where the log no longer grows. What a kernel that is stuck says of itself does not count.
until_silent() {
	local log=$1 pid size last=-1 since=$SECONDS
	shift
	"$@" &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		size=$(grep -vac '^\[' "$log" 2>/dev/null)
		[ "$size" = "$last" ] || last=$size since=$SECONDS
		[ $((SECONDS - since)) -lt "$SILENT_SECONDS" ] || kill $pid
		sleep 1
	done
	wait $pid
}

# The last word of a boot that did not come to its end.
tell_unfinished() {
	say "# $(elapsed)  the $1 boot did not come to its end: $(tr -d '\r' <"$2/serial.log" | grep '^@@ [^a]' | tail -n 1)"
}

# Intel: Bochs emulates VMX with EPT, VPID and the TPR shadow. Memory in MiB. The debugger of Debian's build starts by
# asking; the file "go" answers. Its text display wants a terminal, and that a name it knows. It holds 2 GiB of the memory
# at most and keeps the rest in a file; where it uses that, its debugger has stopped it in the middle once in a while. That
# boot is made again, twice at most.
boot_bochs() {
	local cpu=$1 memory=$2 arguments=$3 initramfs=$4 dir=$5 attempt
	mkdir -p "$dir/iso/boot/grub" && cp "$KERNEL/vmlinuz" "$dir/iso/boot/" && gzip -1 <"$initramfs" >"$dir/iso/boot/initrd" || return 1
	cat >"$dir/iso/boot/grub/grub.cfg" <<-END
		set timeout=0
		menuentry host {
			linux /boot/vmlinuz $QUICK_BOOT no_timer_check nosmp $arguments
			initrd /boot/initrd
		}
	END
	grub-mkrescue -d /usr/lib/grub/i386-pc -o "$dir/boot.iso" "$dir/iso" >"$dir/emulator.log" 2>&1 || return 1
	cat >"$dir/bochsrc" <<-END
		cpu: model=$cpu, count=1, ips=20000000, reset_on_triple_fault=0
		clock: sync=none, time0=utc
		memory: guest=$memory, host=2048
		romimage: file=/usr/share/bochs/BIOS-bochs-latest
		vgaromimage: file=/usr/share/vgabios/vgabios.bin
		pci: enabled=1, chipset=i440fx
		ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
		ata0-master: type=cdrom, path=$dir/boot.iso, status=inserted
		boot: cdrom
		com1: enabled=1, mode=file, dev=$dir/serial.log
		log: $dir/bochs.log
		panic: action=fatal
		error: action=report
		plugin_ctrl: unmapped=true, biosdev=true, speaker=false, extfpuirq=true, parallel=false, serial=true
		display_library: term
	END
	echo c >"$dir/go"
	for attempt in first second third; do
		rm -f "$dir/serial.log"
		TERM=linux until_silent "$dir/serial.log" script -qec \
			"stty rows 30 cols 100; exec timeout -k 5 $BOOT_SECONDS bochs-bin -q -f $dir/bochsrc -rc $dir/go" /dev/null \
			>>"$dir/emulator.log" 2>&1 </dev/null
		! grep -q '^@@ done' "$dir/serial.log" || break
		tell_unfinished $attempt "$dir"
	done
	rm -rf "$dir/iso" "$dir/boot.iso"
}

# AMD: QEMU's TCG emulates SVM with NPT. Memory as QEMU writes it; "3G+3G" are two nodes with a CPU each. It stays in
# the boot's process group (--foreground), to end with it. With two CPUs Debian 12's QEMU stops dead once in a while,
# kernel and all; that boot is made again, three times at most. It does so under shadow
# paging mostly, which therefore has a boot of its own.
boot_qemu() {
	local cpu=$1 memory=$2 arguments=$3 initramfs=$4 dir=$5 attempt node=0 part shape=(-m "$2" -smp 1)
	if [[ $memory == *+* ]]; then
		local SILENT_SECONDS=60
		shape=(-m "$(($(tr -d G <<<"$memory")))G" -smp "2,sockets=2,cores=1,threads=1")
		for part in ${memory//+/ }; do
			shape+=(-object "memory-backend-ram,id=m$node,size=$part"
				-numa "node,nodeid=$node,cpus=$node,memdev=m$node")
			node=$((node + 1))
		done
	fi
	for attempt in first second third fourth; do
		rm -f "$dir/serial.log"
		until_silent "$dir/serial.log" timeout --foreground -k 5 "$BOOT_SECONDS" \
			qemu-system-x86_64 -M pc -accel tcg,thread=multi -cpu "$cpu" "${shape[@]}" \
			-nodefaults -display none -serial "file:$dir/serial.log" -no-reboot \
			-kernel "$KERNEL/vmlinuz" -initrd "$initramfs" \
			-append "$QUICK_BOOT edd=off init_on_alloc=0 $arguments" >"$dir/emulator.log" 2>&1 </dev/null
		! grep -q '^@@ done' "$dir/serial.log" || return 0
		tell_unfinished $attempt "$dir"
	done
}
