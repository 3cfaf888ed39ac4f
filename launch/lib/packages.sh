# Sourced: what the project needs from the system, and how it gets there.

build_packages=(g++ cmake ninja-build ccache git ca-certificates pkg-config
	libopenmpi-dev openmpi-bin libhdf5-dev libdnnl-dev libcli11-dev nlohmann-json3-dev libxxhash-dev
	libpcre2-dev libutf8proc-dev
	python3 python3-venv)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev hdf5-tools clang-format clang-tidy clang libclang-rt-dev chromium
	slurm-wlm munge iproute2 util-linux)

missing_packages() { # PACKAGE... -> those that dpkg does not know as installed
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
	done
}

# Installs what is missing: as root, or through sudo where that asks for no password. Elsewhere it says what to install.
install_packages() { # PACKAGE...
	command -v dpkg-query >/dev/null ||
		fail 69 "this machine has no apt; install these (Debian's names) by its own means: $*"
	local missing
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	local as_root=()
	if [ "$(id -u)" != 0 ]; then
		sudo -n true 2>/dev/null ||
			fail 69 "these packages are missing and installing them needs root; run: sudo apt-get install ${missing[*]}"
		as_root=(sudo -n)
	fi
	say "installing ${#missing[@]} packages: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	"${as_root[@]}" apt-get update -qq || fail 69 "apt-get update failed; see its message above"
	"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
		fail 69 "apt-get could not install ${missing[*]}; see its message above"
}

# A Python environment of the project's own, remade only when what it is to hold changed.
make_python_environment() { # REQUIREMENTS_FILE...
	local wanted stamp=$project/.venv/.requirements
	wanted=$(cat "$@")
	if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return 0; fi
	say "making the Python environment .venv"
	local interpreter=python3
	"$interpreter" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || interpreter=/usr/bin/python3
	rm -f "$stamp"
	"$interpreter" -m venv "$project/.venv" || fail 69 "python3 -m venv failed; install python3-venv"
	local arguments=() file
	for file in "$@"; do arguments+=(-r "$file"); done
	"$python" -m pip install -q --disable-pip-version-check "${arguments[@]}" ||
		fail 69 "pip could not install what $* name; see its message above"
	printf '%s' "$wanted" >"$stamp"
}

build() { # PRESET TARGET...; "all" is everything with the tests, a program alone needs none of their packages
	local preset=$1 tests=OFF
	shift
	[ "$1" = tpscale ] || tests=ON
	local log=$project/build/$preset.log
	mkdir -p "$project/build"
	say "building $preset: $*"
	(cd "$project" && cmake --preset "$preset" -DTPSCALE_BUILD_TESTS=$tests && cmake --build --preset "$preset" --target "$@") >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		fail 1 "the build failed; its whole output is in build/$preset.log"
	}
}

find_clang() { # -> the newest clang that brings libFuzzer, if there is one
	local clang
	for clang in clang clang-{21..14}; do
		command -v "$clang" >/dev/null || continue
		echo 'int LLVMFuzzerTestOneInput(const char* d, unsigned long n) { return n && *d; }' |
			"$clang" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null && echo "$clang" && return 0
	done
	return 1
}
