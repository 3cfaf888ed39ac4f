# shellcheck shell=bash disable=SC2154,SC2034,SC1091,SC2015,SC2119
# Sourced by launch/gpu-check: its stages, each with a limit of its own, skipped with a sentence when time is short.

# Hidden, for the test of this script where there is no GPU: another program, backend and size.
program=${TPSCALE_PROGRAM:-}
backend=${GPU_CHECK_BACKEND:-cuda}
size=${GPU_CHECK_SIZE:-full}
deadline=$((SECONDS + ${GPU_CHECK_SECONDS:-455}))
checks=0
failed=0

find_programs() {
	if [ -e "$project/MANIFEST" ]; then # a bundle
		bin=$project/bin
		PATH=$bin:$PATH
		BUNDLE=$project
		. "$project/env.sh"
	else
		bin=${GPU_CHECK_BUILD:-$project/build/release}/bin
		. "$project/launch/lib/cuda_libraries.sh"
		add_cuda_folders
	fi
	program=${program:-$bin/tpscale}
	[ -x "$program" ] || fail 66 "there is no $program; build first (launch/quickstart, or cmake --build --preset release) or use a bundle"
	command -v mpirun >/dev/null || fail 69 "there is no mpirun here; use a bundle (launch/bundle), which brings it"
}

require_gpu() {
	local line
	line=$("$program" list 2>"$work/list.log" | sed -n '/^backends/,/^$/s/^ *'"$backend"'  *//p') ||
		fail 1 "$program does not start: $(tail -n 1 "$work/list.log")"
	case $line in
	'') fail 69 "this build has no backend '$backend'" ;;
	'not available: '*) fail 69 "no GPU to check: ${line#not available: } (${TPSCALE_CUDA_FOLDERS:-libraries not looked for})" ;;
	esac
	gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU ') || gpus=1
	"$program" info --backend "$backend" --json --probe-seconds "$(sized 0.3 0.02)" >"$work/info.json" 2>"$work/info.log" || {
		local code=$?
		fail "$([ $code = 69 ] && echo 69 || echo 1)" "no GPU to check: $(tail -n 1 "$work/info.log")"
	}
}

sized() { if [ "$size" = full ]; then printf '%s' "$1"; else printf '%s' "$2"; fi; }
row() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$work/rows"; } # WHAT MEASURED ACCEPT PASSED
passes() { checks=$((checks + 1)); row "$1" "$2" "$3" yes; }
fails() { checks=$((checks + 1)); failed=$((failed + 1)); row "$1" "$2" "$3" NO; }

# Runs COMMAND under the smaller of LIMIT and what is left; its output is $work/NAME.log and .json (standard output).
# 0 to 123: its own exit code; 124: out of time; 125: no time was left to start it.
limited() { # NAME LIMIT COMMAND...
	local name=$1 limit=$2 left=$((deadline - SECONDS)) code=0
	shift 2
	[ "$left" -ge 8 ] || { log=$work/$name.log && return 125; }
	[ "$limit" -le "$left" ] || limit=$left
	log=$work/$name.log
	began=$SECONDS
	timeout -k 5 "$limit" "$@" >"$work/$name.json" 2>"$log" </dev/null || code=$?
	printf '   %-28s %3d s, exit %d\n' "$name" $((SECONDS - began)) "$code"
	[ "$code" != 137 ] || code=124
	return "$code"
}
why_not() { # CODE -> the sentence
	case $1 in
	125) printf 'skipped: no time was left' ;;
	124) printf 'ended after %d s: out of time' $((SECONDS - began)) ;;
	*) grep -a '^tpscale: ' "$log" | tail -n 1 | grep . || printf 'exit code %d, see %s' "$1" "${log##*/}" ;;
	esac
}

gtest() { # NAME LIMIT COMMAND...: a row of its counts
	local name=$1 code=0 output passed skipped broken
	limited "$@" --gtest_color=no || code=$?
	output=$work/$name.json
	if [ $code -ge 124 ]; then fails "tests: $name" "$(why_not $code)" "all"; return; fi
	count() { sed -n 's/^\[  '"$1"' *\] \([0-9]*\) test.*/\1/p' "$output" | awk '{n += $1} END {print n + 0}'; }
	passed=$(count PASSED) skipped=$(count SKIPPED) broken=$(count FAILED)
	local text="$passed passed, $broken failed, $skipped skipped"
	if [ $code = 0 ] && [ "$passed" -gt 0 ]; then
		passes "tests: $name" "$text" "all"
	elif [ $code = 0 ] && [ "$passed" = 0 ]; then
		fails "tests: $name" "$text: $(grep -aom1 "is not available.*\|cannot be used.*" "$output" || echo 'nothing ran')" "some"
	else
		fails "tests: $name" "$text (exit $code)" "all"
		sed -n 's/^\[  FAILED  \] \([^ ,]*\).*/\1/p' "$output" | grep '\.' | sort -u | head -n 12 | while read -r one; do row "    $one" failed "" NO; done
	fi
}
has() { [ -x "$bin/$1" ] || { row "tests: ${1#test_}" "not in this build" "" - && return 1; }; }

tests_of_ops() {
	! has test_backend || gtest ops 70 "$bin/test_backend" --gtest_filter="$(sized '*cuda*:*Cuda*' '*SiluAndMul*cpu_3_threads*')"
}
tests_of_model_and_engine() {
	! has test_model || gtest model 50 env TPSCALE_TEST_BACKEND="$backend" "$bin/test_model" \
		--gtest_filter="$(sized 'All/Fixtures.*:Static/Chunks.*' 'All/Fixtures.F32Greedy*')"
	! has test_engine || gtest engine 60 env TPSCALE_TEST_BACKEND="$backend" "$bin/test_engine" \
		--gtest_filter="$(sized 'Device.*:*FixtureEngine*:Records.*' 'Device.*:Records.Predicted*')"
}

# Ranks that share the card are staged through host memory; NCCL takes a card for itself: one rank, or as many as cards.
tests_of_collectives() {
	local ranks tests=test_gpu_parallel
	[ "$backend" = cuda ] || tests=test_parallel_mpi
	has $tests || return 0
	for ranks in 1 2 4 $([ "$gpus" -le 4 ] || echo "$gpus"); do
		[ "$size" = full ] || [ "$ranks" -le 2 ] || continue
		gtest "collectives_$ranks" 40 mpirun -n "$ranks" "$bin/$tests"
	done
}

list_of() { # FILE KEY -> its numbers, or nothing
	[ ! -s "$1" ] || tr -d ' \n' <"$1" | sed -n 's/.*"'"$2"'":\[\([0-9,]*\)\].*/\1/p'
}
generate() { # NAME RANKS FIXTURE OPTION...
	local name=$1 ranks=$2 folder=$fixtures/$3 launcher=()
	shift 3
	[ "$ranks" = 1 ] || launcher=(mpirun -n "$ranks")
	limited "$name" 40 ${launcher[@]+"${launcher[@]}"} "$program" generate --model "$folder" --dtype f32 --json --max-new-tokens "$(sized 16 4)" \
		--prompt-ids "$(list_of "$folder/expected.json" prompt_ids)" "$@" >/dev/null
}
# f32, greedy: the CPU's tokens, and the other implementation's in expected.json.
tokens_against_cpu() {
	fixtures=${TPSCALE_FIXTURES:-$project/tests/fixtures}
	local folder name ranks graphs code expected equal total bad=
	for ranks in 1 2 4; do
		for graphs in auto off; do
			equal=0 total=0 bad=
			for folder in "$fixtures"/*/expected.json; do
				name=$(basename -- "$(dirname -- "$folder")")
				case $size:$name in full:* | small:llama2-f32) ;; *) continue ;; esac
				# a launch of several ranks takes seconds: the two kinds of model, with and without fewer KV heads than ranks
				case $ranks:$name in 1:* | ?:llama2-f32 | ?:llama3-* | ?:qwen3-*) ;; *) continue ;; esac
				[ -s "$work/cpu_$name.json" ] || generate "cpu_$name" 1 "$name" --backend cpu || true
				expected=$(list_of "$work/cpu_$name.json" token_ids)
				total=$((total + 1)) code=0
				generate "tokens_${name}_${ranks}_$graphs" "$ranks" "$name" --backend "$backend" --cuda-graphs "$graphs" || code=$?
				if [ $code = 0 ] && [ -n "$expected" ] && [ "$(list_of "$work/tokens_${name}_${ranks}_$graphs.json" token_ids)" = "$expected" ]; then
					equal=$((equal + 1))
				elif [ $code != 0 ]; then
					bad="$bad; $name: $(why_not $code)"
				else
					bad="$bad; $name differs"
				fi
			done
			if [ "$equal" = "$total" ]; then
				passes "tokens = CPU's, tp $ranks, graphs $graphs" "$equal of $total fixtures" "all"
			else
				fails "tokens = CPU's, tp $ranks, graphs $graphs" "$equal of $total fixtures$bad" "all"
			fi
		done
	done
}

# Measures; an exit code of its own (a verdict that failed, an error) is a check that did not pass, want of time is not.
measure() { # NAME LIMIT RANKS ARGUMENT...
	local name=$1 limit=$2 ranks=$3 code=0 launcher=()
	shift 3
	[ "$ranks" = 1 ] || launcher=(mpirun -n "$ranks")
	limited "$name" "$limit" ${launcher[@]+"${launcher[@]}"} "$program" run "$@" --backend "$backend" --json \
		--probe-seconds "$(sized 0.25 0.02)" -o "$work/results/$name" || code=$?
	case $code in
	0) passes "run: $name" "verdicts passed" "passed" ;;
	124 | 125) row "run: $name" "$(why_not $code)" "passed" - ;;
	3) fails "run: $name" "a verdict failed$(figures verdicts "$name")" "passed" ;;
	*) fails "run: $name" "$(why_not $code)" "passed" ;;
	esac
	return $code
}
figures() { # KIND NAME [WHAT ACCEPT [METRIC [PARAMETER=VALUE]]]
	if command -v python3 >/dev/null; then
		python3 "$project/launch/lib/gpu_figures.py" "$1" "$work/$2.json" "${@:3}"
	elif [ "$1" = device ]; then
		printf 'device: see %s.json (no python3 here to read it)\n' "$2"
	elif [ "$1" != verdicts ]; then
		printf '%s\tnot available: no python3 here to read %s\t%s\t-\n' "${3:-$2}" "$2.json" "${4:-}"
	fi
}
ratio() { figures "$@" >>"$work/rows"; }

degrees_on_one_card() {
	measure degrees_share_the_card 60 4 strong-scaling --tp 1,2,4 --model "$(sized embedded tiny)" --dtype f32 --num-sequences "$(sized 4 1)" \
		--input-tokens "$(sized 64 8)" --output-tokens "$(sized 16 3)" --repetitions "$(sized 2 1)" --instrumented-repetitions 0 || true
}
shards_alone() {
	measure shard_replay 60 1 shard-replay --model "$(sized qwen3-0.6b tiny)" --shard-of "$(sized 1,2,4,8 1,2)" --num-sequences "$(sized 8 1)" \
		--input-tokens "$(sized 128 8)" --output-tokens "$(sized 33 3)" --repetitions "$(sized 3 1)" --instrumented-repetitions 0 || return 0
	ratio shards shard_replay "decode of a shard alone" "(no target)"
}
decode_graphs() {
	local batches
	batches=$(sized 1,8,32 1)
	measure cuda_graph 70 1 cuda-graph --model "$(sized qwen3-0.6b tiny)" --batch-size "$batches" --input-tokens "$(sized 64 8)" \
		--output-tokens "$(sized 65 3)" --repetitions "$(sized 5 1)" --instrumented-repetitions 0 || return 0
	for one in ${batches//,/ }; do
		ratio graph_gain cuda_graph "G8 graph gain / predicted, batch $one" "0.85 to 1.15" throughput_improvement "batch_size=$one"
	done
}

fixed() { # NAME LIMIT MODEL SEQUENCES INPUT OUTPUT
	measure "$1" "$2" 1 strong-scaling --tp 1 --model "$3" --dtype bf16 --workload fixed --num-sequences "$4" --input-tokens "$5" \
		--output-tokens "$6" --repetitions "$(sized 3 1)" --instrumented-repetitions 0
}
ratios_small() {
	local model batch accept
	model=$(sized qwen3-0.6b tiny)
	# "batch: the share of read bandwidth to accept", G1 and G2
	for batch in 1:0.55 8:0.80 32:0.78 64:0.75; do
		accept=${batch#*:} batch=${batch%:*}
		[ "$size" = full ] || [ "$batch" = 1 ] || continue
		fixed "small_batch_$batch" 40 "$model" "$batch" "$(sized 512 8)" "$(sized 65 3)" || continue
		ratio metric "small_batch_$batch" "G$([ "$batch" = 1 ] && echo 1 || echo 2) decode bytes / read bandwidth, $model, batch $batch" "$accept" decode_mbu
		case $size:$batch in
		full:8 | small:1) ratio metric "small_batch_$batch" "G3 prefill FLOP / best GEMM rate, $model" 0.55 prefill_mfu ;;
		esac
	done
}
ratios_llama() { # MODEL GIB
	local accept=0.88 input=2048 have
	[ "$1" != llama-2-13b ] || accept=0.90 input=512
	[ "$size" = full ] || return 0
	have=$(nvidia-smi --query-gpu=memory.total --format=csv,noheader,nounits 2>/dev/null | head -n 1) || have=
	if [ -n "$have" ] && [ "$((have / 1024))" -lt "$2" ]; then
		row "G1 decode bytes / read bandwidth, $1, batch 1" "skipped: the card has $((have / 1024)) GiB, it takes $2" $accept -
		return 0
	fi
	fixed "$1" 100 "$1" 1 $input 33 || return 0
	ratio metric "$1" "G1 decode bytes / read bandwidth, $1, batch 1" $accept decode_mbu
	[ "$1" != llama-2-7b ] || ratio metric "$1" "G3 prefill FLOP / best GEMM rate, $1" 0.80 prefill_mfu
}
ratio_nano_vllm() {
	local sequences=(--workload nano-vllm)
	[ "$size" = full ] || sequences=(--num-sequences 1 --input-tokens 8 --output-tokens 3)
	measure nano_vllm 90 1 strong-scaling --tp 1 --model "$(sized qwen3-0.6b tiny)" --dtype bf16 "${sequences[@]}" --repetitions 1 --instrumented-repetitions 0 || return 0
	ratio roofline nano_vllm "G4 nano-vllm workload / roofline" 0.60
}

write_summary() {
	printf 'tpscale on a GPU: %s, %s\n' "$(uname -n)" "$(date -u +%Y-%m-%dT%H:%MZ)"
	figures device info
	[ "$backend" = cuda ] && [ "$size" = full ] || printf 'NOT a check of a GPU: backend %s, size %s\n' "$backend" "$size"
	printf 'libraries: %s\n\n' "${TPSCALE_CUDA_FOLDERS:-as the loader finds them}"
	{
		printf 'what\tmeasured\taccept\tpassed\n'
		cat "$work/rows"
	} | awk -F '\t' '
		{ for (i = 1; i <= 4; ++i) { cell[NR, i] = $i; if (i != 2 && length($i) > width[i]) width[i] = length($i) }
		  if (length($2) > width[2] && length($2) <= 60) width[2] = length($2) }
		END { for (n = 1; n <= NR; ++n) printf "%-" width[1] "s  %-" width[3] "s  %-6s  %s\n", cell[n, 1], cell[n, 3], cell[n, 4], cell[n, 2] }'
	printf '\n%d of %d checks passed, %d s of 480\n' $((checks - failed)) "$checks" "$SECONDS"
}
