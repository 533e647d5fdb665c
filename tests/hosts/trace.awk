# KVM's tracepoints, as text, into a histogram of exit reasons for each phase of each vCPU's thread. A phase lies
# between the doorbells that begin and end it: writes of 2 and 3 to port 0x600. The exit that rings a doorbell comes
# before its kvm_pio, so that of the closing one is taken off again. One line a phase, in the order of their ends:
#   phase thread=<id> faults=<kvm_page_fault> exits=<kvm_exit> reason.<NAME>=<kvm_exit of that reason> ...

function thread_of(task) {
	sub(/.*-/, "", task)
	return task
}

/ kvm_exit: / {
	thread = thread_of($1)
	if (!(thread in phase))
		next
	why = $0
	sub(/.* reason /, "", why)
	sub(/ rip .*/, "", why)
	gsub(/ /, "_", why)
	exits[thread]++
	reasons[phase[thread], why]++
	last[thread] = why
	next
}

/ kvm_page_fault: / {
	faults[thread_of($1)]++
	next
}

/ kvm_pio: pio_write .* val 0x2/ {
	thread = thread_of($1)
	phase[thread] = ++phases
	exits[thread] = faults[thread] = 0
	next
}

/ kvm_pio: pio_write .* val 0x3/ {
	thread = thread_of($1)
	if (!(thread in phase))
		next
	reasons[phase[thread], last[thread]]--
	line = "phase thread=" thread " faults=" faults[thread] " exits=" exits[thread] - 1
	for (key in reasons) {
		split(key, part, SUBSEP)
		if (part[1] == phase[thread] && reasons[key] > 0)
			line = line " reason." part[2] "=" reasons[key]
	}
	print line
	delete phase[thread]
}
