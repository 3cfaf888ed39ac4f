# Sourced by the scripts of this folder: where the project lies, how a script speaks, and what it installs.
set -euo pipefail

project=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
python=$project/.venv/bin/python

say() { printf '== %s\n' "$*"; }
fail() { # CODE SENTENCE
	local code=$1
	shift
	printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2
	exit "$code"
}

# MPI as these scripts need it: as root in a container, with more ranks than cores, without leaving the machine.
# Only what is not set already, and said.
set_mpi_environment() {
	local name value
	while read -r name value; do
		[ -n "${!name:-}" ] || {
			export "$name=$value"
			printf '   %s=%s\n' "$name" "$value"
		}
	done <<-END
		OMPI_ALLOW_RUN_AS_ROOT 1
		OMPI_ALLOW_RUN_AS_ROOT_CONFIRM 1
		OMPI_MCA_rmaps_base_oversubscribe 1
		OMPI_MCA_mpi_yield_when_idle 1
		OMPI_MCA_btl_tcp_if_include lo
		OMPI_MCA_oob_tcp_if_include lo
	END
}
