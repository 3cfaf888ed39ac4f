# shellcheck shell=bash
# shellcheck disable=SC2154 # folder and world_network are of the script that sources this
# Sourced by slurm_cluster and hosts, with $folder set: processes in a PID namespace of their own, whose first is the script
# itself, called as `SCRIPT FOLDER _world ...`. When that ends, the kernel ends every process that was started in there,
# whatever its group or session. So nothing is ever looked up by its name, and nothing is left behind.
set -euo pipefail

script=$(readlink -f -- "$0")
name=${script##*/}

fail() { # CODE SENTENCE
	printf '%s: %s\n' "$name" "${*:2}" >&2
	exit "$1"
}

require_namespaces() {
	local reason
	[ "$(id -u)" = 0 ] || fail 69 "namespaces need root"
	reason=$(unshare --pid --mount --net --uts --fork true 2>&1) || fail 69 "this machine gives no namespaces: $reason"
}
require_programs() { # PROGRAM=PACKAGE...
	local pair
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null || fail 69 "there is no ${pair%%=*} here; install ${pair#*=}"
	done
}

poll() { # SECONDS WHAT COMMAND...: until COMMAND succeeds
	local end=$((SECONDS + $1)) what=$2
	until "${@:3}" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail 1 "no $what within $1 s; see $folder/log"
		sleep 0.05
	done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
# unshare waits for its child, the first process of the namespace, and the kernel lets that one end after all the others.
end_namespace() { # PID of unshare
	local first
	first=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || first=
	[ -z "$first" ] || kill -KILL "$first" 2>/dev/null || true
}

# The process that `serve` became; a number that the system gave to another one since is not taken for it.
holder() {
	local pid
	pid=$(cat "$folder/holder" 2>/dev/null) || return 1
	tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$folder _world" && printf '%s' "$pid"
}

# serve ARGUMENT...: in the foreground until standard input closes. Whoever holds its other end ends this, also by dying.
serve() {
	! holder >/dev/null || fail 2 "already running in $folder"
	mkdir -p "$folder/log"
	rm -f "$folder/ready"
	echo $$ >"$folder/holder"
	# shellcheck disable=SC2086 # none or one
	exec unshare --pid --mount $world_network --fork --kill-child=KILL --propagation private -- "$script" "$folder" _world "$@"
}
# start ARGUMENT...: in the background, until `stop`.
start() {
	! holder >/dev/null || fail 2 "already running in $folder"
	mkdir -p "$folder/log"
	rm -f "$folder/ready" "$folder/open"
	mkfifo "$folder/open"
	setsid "$script" "$folder" serve "$@" 0<>"$folder/open" >"$folder/log/serve" 2>&1 &
	until [ -e "$folder/ready" ]; do
		if gone $!; then
			cat "$folder/log/serve" >&2
			wait $!
		fi
		sleep 0.05
	done
}
stop() {
	local pid
	if pid=$(holder); then
		end_namespace "$pid"
		poll 20 "end of process $pid" eval '! holder'
	fi
	rm -rf -- "$folder"
}

inside() { # FUNCTION ARGUMENT...: a function of the script, among the processes of _world
	local pid
	pid=$(holder) || fail 66 "nothing runs in $folder; $name FOLDER start does"
	# shellcheck disable=SC2046 # none or one
	exec nsenter --pid="/proc/$pid/ns/pid_for_children" --mount="/proc/$pid/ns/mnt" \
		$([ -z "$world_network" ] || echo "--net=/proc/$pid/ns/net") -- "$script" "$folder" "$@"
}

be_ready() { # the end of _world
	touch "$folder/ready"
	echo ready
	cat >/dev/null || true
}

# A machine inside of _world: a host name, processes, /dev/shm and /etc/hosts of its own, with OPTION --net a network too.
# $folder/NAME.pid is its number among the processes of _world.
add_machine() { # NAME OPTION FUNCTION ARGUMENT...
	# shellcheck disable=SC2086 # none or one
	unshare --pid --mount --uts $2 --fork --kill-child=KILL --propagation private -- \
		"$script" "$folder" _machine "$1" "${@:3}" </dev/null >>"$folder/log/$1" 2>&1 &
	echo $! >"$folder/$1.pid"
}
_machine() { # NAME FUNCTION ARGUMENT...
	hostname "$1"
	mount -t proc proc /proc
	mount -t tmpfs -o mode=1777 shm /dev/shm
	mount --bind "$folder/hosts" /etc/hosts
	"${@:2}"
}
machine_pid() { # NAME
	local pid
	pid=$(cat "$folder/$1.pid" 2>/dev/null) || fail 66 "there is no machine $1"
	! gone "$pid" || fail 66 "the machine $1 is not running"
	printf '%s' "$pid"
}
_kill() { # NAME: everything on it, at once
	local pid
	pid=$(machine_pid "$1")
	end_namespace "$pid"
	poll 20 "end of machine $1" gone "$pid"
}
