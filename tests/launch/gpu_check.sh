#!/usr/bin/env bash
# gpu_check.sh PROJECT BUILD SCRATCH: launch/gpu-check with the CPU in the GPU's place.
set -euo pipefail
project=$1 build=$2 scratch=$3
rm -rf -- "$scratch"
mkdir -p "$scratch"
export GPU_CHECK_BUILD=$build
wrong() { printf 'gpu_check: %s\n' "$*" && exit 1; }
check() { # CODE NAME VARIABLE=VALUE...
	local expected=$1 name=$2 code=0
	shift 2
	env "$@" "$project/launch/gpu-check" -o "$scratch/$name.txt" >"$scratch/$name.out" 2>&1 || code=$?
	[ $code = "$expected" ] || { cat "$scratch/$name.out"; wrong "$name ended with $code instead of $expected"; }
}
says() { grep -qE -- "$2" "$scratch/$1.txt" || { cat "$scratch/$1.txt"; wrong "the summary of $1 does not say: $2"; }; }

check 0 cpu GPU_CHECK_BACKEND=cpu GPU_CHECK_SIZE=small
says cpu '^NOT a check of a GPU'
for stage in ops model engine collectives_1 collectives_2; do says cpu "^tests: $stage +all +yes +[1-9][0-9]* passed, 0 failed"; done
for ranks in 1 2 4; do says cpu "^tokens = CPU's, tp $ranks, graphs off +all +yes +1 of 1"; done
for stage in degrees_share_the_card shard_replay cuda_graph small_batch_1 nano_vllm; do says cpu "^run: $stage +passed +yes"; done
says cpu '^G8 .* not available: .*no graphs'
if command -v python3 >/dev/null; then
	for ratio in G1 G3 G4; do says cpu "^$ratio .* (yes|no) +[0-9.e-]+ \("; done
fi
says cpu 'checks passed, [0-9]+ s of 480$'

# A program whose tokens are wrong is told, and so is one that ends with an error.
cat >"$scratch/liar" <<-END
	#!/bin/sh
	if [ "\$1" = generate ]; then case " \$* " in *" --backend cpu --cuda-graphs "*) echo '{"token_ids":[1,2,3,4]}' && exit 0 ;; esac; fi
	if [ "\$2" = shard-replay ]; then echo "tpscale: no shard today" >&2 && exit 1; fi
	exec "$build/bin/tpscale" "\$@"
END
chmod +x "$scratch/liar"
check 1 liar GPU_CHECK_BACKEND=cpu GPU_CHECK_SIZE=small TPSCALE_PROGRAM="$scratch/liar"
says liar "^tokens = CPU's, tp 1, graphs off +all +NO +0 of 1 fixtures; llama2-f32 differs"
says liar '^run: shard_replay +passed +NO +tpscale: no shard today'

# Short of time, stages are skipped with a sentence, and tests that did not run have not passed.
check 1 short GPU_CHECK_BACKEND=cpu GPU_CHECK_SIZE=small GPU_CHECK_SECONDS=4
says short '^tests: ops +all +NO +skipped: no time was left'
says short '^run: nano_vllm +passed +- +skipped'

if ! "$build/bin/tpscale" list | grep -q '^  cuda  *not available'; then exit 0; fi
check 69 none GPU_CHECK_SIZE=small
grep -q '^gpu-check: .*GPU\|no backend' "$scratch/none.out" || wrong "no sentence where there is no GPU"
