#!/usr/bin/env bash
# plugin_symbols.sh PLUGIN STUB PROGRAM...: a module may be linked with symbols open, and what is missing shows only on a
# machine with a driver. Here the driver's stub stands for it.
set -euo pipefail
plugin=$1 stub=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
names() { awk '{print $NF}' | sed 's/@.*//' | sort -u; }

libraries_of() { ldd "$1" | awk '$3 ~ /^\// {print $3} $1 ~ /^\// {print $1}'; }
exports_of() { # FILE...
	local file
	for file in "$@"; do nm -D --defined-only "$file"; done | names
}
# weak symbols (w, v) may stay open; but NCCL's, which are bound at the first call, none else
nm -D --undefined-only "$plugin" | awk '$(NF - 1) == "U"' | names | grep -vE '^nccl[A-Z]' >"$scratch/open"
[ -s "$scratch/open" ]
mapfile -t own < <(libraries_of "$plugin")
exports_of "${own[@]}" >"$scratch/of_plugin"

bad=0
for program in "$@"; do
	mapfile -t theirs < <(libraries_of "$program")
	exports_of "$program" "${theirs[@]}" | sort -u - "$scratch/of_plugin" >"$scratch/held"
	if missing=$(comm -23 "$scratch/open" "$scratch/held" | c++filt | grep .); then
		printf '%s lacks what the plugin asks for:\n%s\n' "${program##*/}" "$missing"
		bad=1
	fi
done
[ "$bad" = 0 ]

case $stub in *NOTFOUND*) echo "the toolkit has no stub of the driver: the plugin was not opened" && exit 0 ;; esac
ln -s "$stub" "$scratch/libcuda.so.1"
LD_LIBRARY_PATH=$scratch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$1" list >"$scratch/list"
line=$(sed -n 's/^  cuda  *//p' "$scratch/list")
echo "cuda: $line"
case $line in
*'undefined symbol'* | *'cannot be opened'* | *'not found'* | '') exit 1 ;;
esac
# that the plugin was open shows in what it registered besides
grep -q '^  nccl  *NCCL' "$scratch/list" || ! grep -q '^communicator nccl' "$(dirname -- "$plugin")"/*.plugin

case $line in *'only the stub'*) ;; *) exit 0 ;; esac
# the tests reach the plugin as well: where there is only the stub they say so
for program in "$@"; do
	case ${program##*/} in
	test_backend) filter='*SiluAndMul*cuda_f32*' ;;
	test_model) filter='All/Fixtures.F32Greedy*' ;;
	test_engine) filter='Device.Graphs*' ;;
	*) continue ;;
	esac
	env TPSCALE_TEST_BACKEND=cuda LD_LIBRARY_PATH="$scratch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$program" --gtest_filter="$filter" >"$scratch/said" 2>&1 || true
	grep -q "only the stub" "$scratch/said" || { echo "${program##*/} does not open the plugin:" && cat "$scratch/said" && exit 1; }
done
