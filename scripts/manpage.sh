#!/usr/bin/env bash
# Write the manual page from what the program itself says of its options, so that the two cannot differ.
#
#   scripts/manpage.sh build/minivmm > build/minivmm.1
set -euo pipefail
program=${1:?usage: manpage.sh PROGRAM}

# Text for troff: a backslash and a leading dot or quote would be commands.
escape() {
	sed -e 's/\\/\\e/g' -e "s/^\\([.']\\)/\\\\\\&\\1/" -e 's/-/\\-/g'
}

# A help text, as it stands.
verbatim() {
	echo .nf
	escape
	echo .fi
}

version=$("$program" --version | sed -n '1s/^minivmm \([^,]*\),.*/\1/p')
cat <<END
.TH MINIVMM 1 "" "minivmm $version" "User Commands"
.SH NAME
minivmm \\- measure what a memory access costs under two-dimensional page walks
.SH SYNOPSIS
.B minivmm
[run|native|sweep|compare|model|explain|check|observe|advise|pool] [\\fIoptions\\fR]
.SH DESCRIPTION
END
"$program" --help | verbatim
for command in run native sweep compare model explain check observe advise pool "pool plan"; do
	read -r -a words <<<"$command"
	echo ".SH MINIVMM ${command^^}"
	"$program" "${words[@]}" --help | verbatim
done
echo ".SH REQUIREMENTS"
"$program" check --require help | verbatim
"$program" observe --require help | verbatim
echo ".SH WORKLOADS"
"$program" --workload help | verbatim
echo ".SH PRESETS"
"$program" sweep --preset help | verbatim
echo ".SH CPUS"
"$program" model --cpu help | verbatim
cat <<'END'
.SH SEE ALSO
.BR qemu\-system\-x86_64 (1),
.BR hugeadm (8),
.BR numactl (8)
END
