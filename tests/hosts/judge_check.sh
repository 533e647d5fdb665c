# shellcheck shell=bash
# `minivmm check` against what the kernel says of itself: every parameter, every flag, the verdict, what --require
# makes of it. A parameter flipped at insmod has to flip its line here, because both sides read it anew. Sourced.
# shellcheck disable=SC2154 # facts and arguments are judge.sh's

truth_module() {
	case $(fact vendor) in
	GenuineIntel) echo kvm_intel ;;
	*) echo kvm_amd ;;
	esac
}

# Is the parameter on? Nothing where this host has no such parameter.
param_is_on() {
	[[ $(fact "param $1") == [Y1] ]]
}

# NPT has as many levels as the host kernel's own tables; EPT four, as no emulated guest has wider addresses.
truth_levels() {
	[ "$(truth_second)" = npt ] && has_flag la57 && echo 5 || echo 4
}

# Largest leaf of the second dimension in bytes: what hardware can map, and what this kernel has pools of.
truth_second_leaf() {
	local flag=pdpe1gb
	[ "$(truth_second)" != ept ] || flag=ept_1gb
	has_flag $flag && grep -q '^fact pool .*1048576kB' "$facts" && echo 1073741824 || echo 2097152
}

kernel_has_prefault() {
	[ "$(truth_second)" != shadow ] && [ "$(printf '%s\n' 6.10 "$(fact release)" | sort -V | head -n 1)" = 6.10 ]
}

# Each parameter stands in the report with the value that the kernel shows.
want_parameters() {
	local name module value
	for name in ept vpid flexpriority eptad unrestricted_guest enable_apicv pml nested npt avic vgif tdp_mmu \
		nx_huge_pages mmio_caching eager_page_split; do
		for module in kvm kvm_intel kvm_amd; do
			value=$(fact "param $module.$name")
			[ -z "$value" ] ||
				want_json '[.features[] | select(.name == $name) | .enabled] == [$value]' "$module.$name is $value" \
					--arg name "$name" --arg value "$value"
		done
	done
}

# want_hardware LINE-OF-CPUINFO ROW=FLAG...
want_hardware() {
	local line pair has
	line=" $(fact "$1") "
	[ "$line" != "  " ] || return
	shift
	for pair in "$@"; do
		[[ $line == *" ${pair#*=} "* ]] && has=true || has=false
		want_json '[.features[] | select(.name == $name) | .hardware] == [$has]' "the CPU has ${pair%=*}: $has" \
			--arg name "${pair%=*}" --argjson has $has
	done
}

kind_check() {
	local guest_leaf=1073741824
	! guest_1g_impossible || guest_leaf=2097152
	want_status 0
	want_json '.schema == "minivmm.check/1"' "schema"
	want_json '.kvm.present and .kvm.permitted and .kvm.api_version == 12' "/dev/kvm"
	want_json '.host.kvm_module == $is' "module" --arg is "$(truth_module)"
	want_json '.verdict.second_dimension == $is' "second dimension is $(truth_second)" --arg is "$(truth_second)"
	want_json '.verdict.guest_levels == 4' "levels of the guest"
	want_json '.verdict.largest_guest_leaf_bytes == $is' "largest leaf of the guest" --argjson is $guest_leaf
	want_json '.verdict.largest_second_leaf_bytes == $is' "largest leaf of the second dimension" \
		--argjson is "$(truth_second_leaf)"
	[ "$(truth_second)" = shadow ] ||
		want_json '.verdict.second_levels == $is' "levels of the second dimension" --argjson is "$(truth_levels)"
	want_json '(.kvm.capabilities.KVM_CAP_PRE_FAULT_MEMORY.value > 0) == $is' "prefault" \
		--argjson is "$(kernel_has_prefault && echo true || echo false)"
	want_parameters
	want_hardware flags pdpe1gb=pdpe1gb la57=la57
	case $(truth_module) in
	kvm_intel) want_hardware vmx ept=ept ept_1gb=ept_1gb eptad=ept_ad vpid=vpid invvpid=invvpid \
		unrestricted_guest=unrestricted_guest tpr_shadow=vtpr flexpriority=flexpriority ;;
	kvm_amd) want_hardware flags npt=npt avic=avic vgif=vgif ;;
	esac
}

# One requirement of the case, by the kernel's word: true or false; null, which no report says, for a name that has to
# be added here first.
truth_requirement() {
	case $1 in
	ept | npt | shadow) [ "$(truth_second)" = "$1" ] ;;
	tdp) [ "$(truth_second)" != shadow ] ;;
	vpid | flexpriority) param_is_on "kvm_intel.$1" ;;
	1g-guest) ! guest_1g_impossible ;;
	1g-leaf) [ "$(truth_second_leaf)" = 1073741824 ] ;;
	prefault) kernel_has_prefault ;;
	*)
		echo null
		return
		;;
	esac && echo true || echo false
}

kind_require() {
	local name met all=true list=${arguments##* }
	for name in ${list//,/ }; do
		met=$(truth_requirement "$name")
		[ "$met" = true ] || all=false
		want_json '[.requirements[] | select(.requirement == $name) | .met] == [$met]' "--require $name is met: $met" \
			--arg name "$name" --argjson met "$met"
	done
	[ $all = true ] && want_status 0 || want_status 6
}
