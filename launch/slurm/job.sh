# shellcheck shell=bash
# Sourced by the batch scripts of this folder: runs `tpscale run` on what Slurm gave the job, so that nothing measured is
# lost when the job is warned, requeued, cancelled or loses a node. Settings, all from the environment:
#   TPSCALE_HOME      the checkout, or a bundle (default: the folder sbatch was called in)
#   TPSCALE_OUTPUT    where the results go (default: results/<job name>_<job id> below the folder sbatch was called in);
#                     -o is refused
#   TPSCALE_LAUNCHER  mpirun (default) or srun
#   TPSCALE_DEGREES   array jobs: task i measures the i-th of these degrees alone (default 1,2,4,8); --tp is refused there,
#                     and where neither --threads nor --config is given a rank takes its share of a full node's CPUs
#   TPSCALE_RESTARTS  how often a warned job puts itself back into the queue (default 10)
set -euo pipefail

say() { printf '%s tpscale job %s: %s\n' "$(date -u +%H:%M:%S)" "${SLURM_JOB_ID:-?}" "$*"; }
fail() { # CODE SENTENCE
	say "${*:2}" >&2
	exit "$1"
}

[ -n "${SLURM_JOB_ID:-}" ] || {
	echo "this is a batch script: sbatch ${0##*/} [options of tpscale run]" >&2
	exit 2
}
home=${TPSCALE_HOME:-$SLURM_SUBMIT_DIR}
program=$home/build/release/bin/tpscale
[ -x "$program" ] || program=$home/bin/tpscale
[ -x "$program" ] || fail 66 "no tpscale below '$home': build it there, or name the checkout with TPSCALE_HOME"

# A requeued job has the id of its first start, so it finds its own folder again. The tasks of an array share one folder,
# a degree each below it; tpscale-report puts them together.
output=${TPSCALE_OUTPUT:-$SLURM_SUBMIT_DIR/results/${SLURM_JOB_NAME}_${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}}
ranks=${SLURM_NTASKS:-1}
ranks_of_a_node=${SLURM_NTASKS_PER_NODE:-}
arguments=()
gives() { # OPTION WORD...: whether the option, as --name VALUE or --name=VALUE, is among the words
	local word
	for word in "${@:2}"; do
		case $word in "$1" | "$1"=*) return 0 ;; esac
	done
	return 1
}
take_degree() { # OPTION...: of an array over degrees; the options are the user's
	local cores=${SLURM_CPUS_ON_NODE:-1} threads
	! gives --tp "$@" || fail 2 "an array takes its degrees from TPSCALE_DEGREES: leave --tp out, or --array"
	IFS=, read -ra degrees <<<"${TPSCALE_DEGREES:-1,2,4,8}"
	ranks=${degrees[$SLURM_ARRAY_TASK_ID]:-}
	[[ $ranks =~ ^[1-9][0-9]*$ ]] || fail 2 "array task $SLURM_ARRAY_TASK_ID has no degree in TPSCALE_DEGREES; use --array=0-$((${#degrees[@]} - 1))"
	output=$output/tp$ranks
	arguments=(--tp "$ranks")
	# Left to itself the program divides the node's cores by the ranks of this task, and a point of other threads is not
	# of the same curve. So every task takes what the ranks of a full node would.
	gives --threads "$@" || gives --config "$@" || {
		threads=$((cores / ${ranks_of_a_node:-${SLURM_NTASKS:-1}}))
		threads=$((threads > 0 ? threads : 1))
		arguments+=(--threads "$threads")
		say "--threads $threads, the same at every degree of the array: $cores CPUs of a node over its ranks"
	}
}

seconds_left() { # until Slurm's limit; a large number where there is none
	local left days=0 parts
	# The last task of an array has the array's own id, by which squeue tells every task that is left.
	left=$(squeue -h -r -j "$SLURM_JOB_ID" -o '%A %L' 2>/dev/null | awk -v id="$SLURM_JOB_ID" '$1 == id && !found++ { print $2 }') || left=
	[[ $left =~ ^([0-9]+-)?[0-9:]+$ ]] || { echo 31536000 && return; }
	[[ $left != *-* ]] || { days=${left%%-*} && left=${left#*-}; }
	IFS=: read -ra parts <<<"0:0:$left"
	echo $((days * 86400 + 10#${parts[-3]} * 3600 + 10#${parts[-2]} * 60 + 10#${parts[-1]}))
}

launcher() { # fills `command`: how the ranks are started
	case ${TPSCALE_LAUNCHER:-mpirun} in
	mpirun)
		# shellcheck source=SCRIPTDIR/../lib/lost_hosts.sh
		. "$home/launch/lib/lost_hosts.sh"
		# The program binds its own threads, by what all ranks of a host may use: mpirun's binding (a core for two ranks)
		# would take the other cores away from them.
		command=(mpirun -n "$ranks" --bind-to none)
		# As many ranks a node as Slurm counted, or a job on several nodes fills the first one.
		[ -z "$ranks_of_a_node" ] || [ "$ranks" -lt "$ranks_of_a_node" ] ||
			command+=(--map-by "ppr:$ranks_of_a_node:node")
		;;
	srun)
		# Slurm 22.05's default PMIx fence crashed 9 of 60 launches over two nodes, this one none of 280.
		export SLURM_PMIX_FENCE=ring SLURM_PMIX_DIRECT_CONN_EARLY=true
		command=(srun --mpi=pmix --ntasks="$ranks" --cpu-bind=none)
		# A degree below the job's on as few nodes as mpirun takes, the first ones full: srun would spread it over all
		# of them, and a point of the same name were measured over another link. (Pack fills nodes beyond that number.)
		[ -z "$ranks_of_a_node" ] ||
			command+=(--nodes="$(((ranks + ranks_of_a_node - 1) / ranks_of_a_node))" --distribution="plane=$ranks_of_a_node")
		;;
	*) fail 2 "TPSCALE_LAUNCHER is mpirun or srun, not '$TPSCALE_LAUNCHER'" ;;
	esac
}

warned=""
too_long=""
points() { # that are published
	local found=("$output"/points/*.h5)
	[ -e "${found[0]}" ] && echo "${#found[@]}" || echo 0
}
forward() { # NAME: tells the ranks to keep what is finished and leave
	warned=$1
	say "got $1: the ranks finish their points and leave"
	[ ! -s "$pid_file" ] || kill -USR1 "$(<"$pid_file")" 2>/dev/null || true
}

requeue() {
	local id=$SLURM_JOB_ID restarts=${SLURM_RESTART_COUNT:-0}
	[ -z "${SLURM_ARRAY_TASK_ID:-}" ] || id=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
	if [ "$restarts" -ge "${TPSCALE_RESTARTS:-10}" ]; then
		say "not put back again after $restarts restarts: the finished points are in $output, --resume goes on"
	else
		say "back into the queue (restart $((restarts + 1))): the points that are left are measured then"
		scontrol requeue "$id"
	fi
}

# Slurm finds out after SlurmdTimeout, minutes later, that a node is gone, and would put the job back itself; but mpirun
# knows at once, and where this script ended with its code the job had failed for good.
lost_a_node() { # CODE of the launcher
	[ "$1" = 205 ] && return # mpirun's word for it: ORTE_ERR_COMM_FAILURE
	[[ " 0 1 2 3 65 66 69 74 75 " != *" $1 "* ]] || return # the program's own codes
	sinfo -h -N -n "${SLURM_JOB_NODELIST:-}" -o %T 2>/dev/null | grep -q 'down\|\*$'
}
launch_ended() { # CODE: study.sbatch, which keeps a journal and tries again whatever died, has one of its own
	if [ -z "$too_long" ] && lost_a_node "$1"; then
		say "a node is lost"
		requeue
	fi
}

# run_job EXPERIMENT... [OPTION...]: the whole job. The program takes each option once, so a script adds those alone that the
# user has not given after its name.
run_job() {
	local word
	for word; do
		case $word in
		-o* | --output | --output=*) fail 2 "the results' folder is named by TPSCALE_OUTPUT, so that a job that was put back finds it: leave $word out" ;;
		esac
	done
	[ -z "${SLURM_ARRAY_TASK_ID:-}" ] || take_degree "$@"
	run_launch "$@" "${arguments[@]}"
}

run_launch() { # EXPERIMENT... [OPTION...]: on `ranks` ranks, into `output`
	local command job code=0 limit before
	[ "$ranks" -le "${SLURM_NTASKS:-1}" ] || {
		launch_ended 2
		fail 2 "degree $ranks needs as many tasks, the job has ${SLURM_NTASKS:-1}: sbatch --nodes and --ntasks-per-node"
	}
	pid_file=$(mktemp)
	trap 'rm -f "$pid_file"' EXIT
	# Before anything slow: a warning that comes now must not kill the script.
	trap 'forward USR1' USR1
	trap 'forward TERM' TERM
	launcher
	# Ends an mpirun that hangs although its ranks are gone, a minute before Slurm would end the script with it.
	limit=$(($(seconds_left) - 60))
	mkdir -p "$output"
	before=$(points)
	command+=("$program" run "$@" -o "$output" --resume)
	say "start ${SLURM_RESTART_COUNT:-0} on ${SLURM_JOB_NODELIST:-?}: ${command[*]}"
	# USR1 goes to the launcher itself: timeout would die of it.
	# shellcheck disable=SC2016 # expanded by that sh
	timeout -k 30 "$((limit > 60 ? limit : 60))" sh -c 'echo $$ >"$0"; exec "$@"' "$pid_file" "${command[@]}" &
	job=$!
	while :; do # a trap ends `wait` before the job has ended
		code=0
		wait "$job" || code=$?
		kill -0 "$job" 2>/dev/null || break
	done
	# After a signal mpirun's own code replaces that of its ranks.
	[ -z "$warned" ] || [ "$code" = 0 ] || [ "$code" = 3 ] || code=75
	if [ "$code" = 75 ] && [ "$warned" = USR1 ] && [ "$(points)" = "$before" ] && [ "$(seconds_left)" -lt 900 ]; then
		# The next start would end the same. With time left it was no limit that warned, but an administrator or a preemption.
		too_long=1 code=124
		say "no point was finished in this time limit: give --time or smaller sizes"
	fi
	say "ended with exit code $code; results in $output"
	launch_ended "$code"
	[ "$code" != 75 ] || [ "$warned" != USR1 ] || requeue
	exit "$code"
}
