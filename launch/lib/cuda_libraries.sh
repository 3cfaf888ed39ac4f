# shellcheck shell=sh
# Sourced, plain sh: where CUDA's libraries lie on a machine that may have them in many places.

cuda_library_folders() { # a folder a line, the likeliest first
	printf '%s\n' "${LD_LIBRARY_PATH:-}" | tr ':' '\n'
	for folder in "${CUDA_HOME:-/usr/local/cuda}/lib64" /usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib /usr/local/nvidia/lib64 /usr/lib/x86_64-linux-gnu; do
		printf '%s\n' "$folder"
	done
	# pip's: site-packages/nvidia/cublas/lib, nvidia/cu13/lib, nvidia/nccl/lib
	command -v python3 >/dev/null 2>&1 || return 0
	python3 -c 'import site, sys, sysconfig
for path in dict.fromkeys([*sys.path, *site.getsitepackages(), site.getusersitepackages(), sysconfig.get_path("platlib")]):
    if path: print(path)' 2>/dev/null | while read -r packages; do
		for folder in "$packages"/nvidia/*/lib; do printf '%s\n' "$folder"; done
	done
}

cuda_folder_of() { # LIBRARY -> the first folder that has it
	cuda_library_folders | while read -r folder; do
		if [ -z "$folder" ] || [ ! -e "$folder/$1" ]; then continue; fi
		printf '%s\n' "$folder"
	done | sed -n 1p | grep . # read to the end: where a broken pipe counts as failure, an early end is one
}

# Puts the folders of cuBLASLt and NCCL on LD_LIBRARY_PATH; TPSCALE_CUDA_FOLDERS says what was found and what was not.
add_cuda_folders() { # FOLDER... looked into first
	for folder in "$@"; do LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; done
	TPSCALE_CUDA_FOLDERS=
	for library in ${TPSCALE_CUDA_NEEDS:-libcublasLt.so.13 libnccl.so.2}; do
		if folder=$(cuda_folder_of "$library"); then
			TPSCALE_CUDA_FOLDERS="${TPSCALE_CUDA_FOLDERS:+$TPSCALE_CUDA_FOLDERS; }$library in $folder"
			case :${LD_LIBRARY_PATH:-}: in *:"$folder":*) ;; *) LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder ;; esac
		else
			TPSCALE_CUDA_FOLDERS="${TPSCALE_CUDA_FOLDERS:+$TPSCALE_CUDA_FOLDERS; }$library not found"
		fi
	done
	export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" TPSCALE_CUDA_FOLDERS
}
