# shellcheck shell=bash disable=SC2154
# Sourced by launch/bundle: the parts of a bundle in $out, made from the build in $built.

# What ranks and tests are started from outside; where a build lacks one the bundle does as well.
bundle_programs=(tpscale tpscale-micro test_backend test_model test_engine test_parallel_mpi test_gpu_parallel)

# Never taken along: the C library, which belongs to the machine, and what comes with the driver.
not_taken='^(linux-vdso|ld-linux|libc\.so|libm\.so|libmvec|libpthread\.so|libdl\.so|librt\.so|libresolv\.so|libutil\.so|libanl|libnss_|libcuda\.so|libnvidia)'
cudas='^(libcudart|libcublas|libcudnn|libnccl|libnvJitLink|libnvrtc)'

add_libraries() { # FILE...: what they need, all the way down (ldd follows it)
	local name path
	while read -r name path; do
		[ -e "$out/lib/$name" ] || install -m 755 "$(readlink -f -- "$path")" "$out/lib/$name"
	done < <(ldd "$@" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// {print $1, $3}' | sort -u | grep -vE "$not_taken" | grep -vE "$cudas")
}

add_programs() {
	local program
	for program in "${bundle_programs[@]}"; do
		if [ -x "$built/bin/$program" ]; then
			install -m 755 "$built/bin/$program" "$out/libexec/$program"
			add_libraries "$out/libexec/$program"
		else
			say "$program is not in this build: left out"
		fi
	done
	# ../lib/tpscale of a program is where it looks for plugins
	if [ -d "$built/lib/tpscale" ]; then
		mkdir -p "$out/lib/tpscale"
		install -m 644 "$built"/lib/tpscale/* "$out/lib/tpscale/"
		add_libraries "$out"/lib/tpscale/*.so
	else
		say "this build has no plugin: the bundle has no CUDA backend"
	fi
	strip --strip-unneeded "$out"/libexec/* "$out"/lib/tpscale/*.so 2>/dev/null || true
}

# Open MPI 4.1 finds its parts below OPAL_PREFIX and PMIX_*. Left out: plugins for fabrics, which bring forty libraries
# along; on a cluster with one of these its own Open MPI is the one to use.
add_open_mpi() {
	local libraries plugins file
	command -v mpirun >/dev/null || { say "no mpirun here: the bundle runs single ranks only" && return 0; }
	libraries=$(dirname -- "$(ldd "$built/bin/tpscale" | awk '$1 ~ /^libmpi\.so/ {print $3}')")
	libraries=$(dirname -- "$(readlink -f -- "$libraries/libmpi.so.40")")
	plugins=$libraries/openmpi
	for file in "$libraries/openmpi3" "$libraries/openmpi/lib/openmpi3"; do [ ! -d "$file" ] || plugins=$file; done
	[ -d "$plugins" ] || fail 66 "Open MPI's plugins were not found beside $libraries; this script knows Debian's layout of version 4.1"
	mpi_plugins=$out/ompi/lib/x86_64-linux-gnu/openmpi/lib/openmpi3
	mkdir -p "$mpi_plugins" "$out"/ompi/{bin,share/openmpi} "$out"/pmix/lib/pmix "$out"/pmix/share/pmix "$out/etc"
	for file in "$plugins"/*.so; do
		case ${file##*/} in
		*ucx* | *_ofi* | *psm* | *openib* | *sshmem* | *spml* | *scoll* | *memheap* | *atomic* | *oshmem* | *netlink* | *flux* | *_jsm* | *gridengine* | libompi_dbg*) ;;
		*) install -m 644 "$file" "$mpi_plugins/" ;;
		esac
	done
	add_libraries "$mpi_plugins"/*.so
	for file in orterun orted; do
		install -m 755 "$(readlink -f -- "$(command -v $file)")" "$out/libexec/$file"
		add_libraries "$out/libexec/$file"
	done
	cp /usr/share/openmpi/*.txt "$out/ompi/share/openmpi/"
	local pmix=${plugins%/openmpi/*}
	pmix=${pmix%/openmpi}/pmix2
	cp "$pmix"/share/pmix/*.txt "$out/pmix/share/pmix/"
	install -m 644 "$pmix"/lib/pmix/*.so "$out/pmix/lib/pmix/"
	cp /etc/openmpi/openmpi-mca-params.conf "$out/etc/"
	: >"$out/etc/openmpi-default-hostfile"
	# mpirun over ssh runs OPAL_PREFIX/bin/orted on the other hosts
	ln -s ../../bin/orted "$out/ompi/bin/orted"
	ln -s ../../bin/mpirun "$out/ompi/bin/mpirun"
}

cuda_needs() { # what the plugin needs besides the driver, by name; NCCL is opened late
	objdump -p "$out"/lib/tpscale/*.so 2>/dev/null | awk '$1 == "NEEDED" && $2 ~ /cublas/ {printf "%s ", $2}'
	printf 'libnccl.so.2'
}

add_cuda() {
	local name folder
	mkdir -p "$out/lib/cuda"
	for name in $(cuda_needs); do
		folder=$(cuda_folder_of "$name") || { say "$name was not found here: left out" && continue; }
		install -m 755 "$(readlink -f -- "$folder/$name")" "$out/lib/cuda/$name"
	done
}

# The layout of a checkout, so that scripts and programs find them by the same names.
add_data() {
	mkdir -p "$out"/{launch/lib,tests,bench/models,analysis}
	cp -R "$project/bench/models/embedded" "$out/bench/models/"
	cp "$project/bench/models/train_embedded.py" "$out/bench/models/"
	cp -R "$project/tests/fixtures" "$out/tests/"
	cp -R "$project/analysis/src" "$project/analysis/requirements.txt" "$project/analysis/README.md" "$out/analysis/"
	cp "$project/launch/gpu-check" "$project/launch/README.md" "$out/launch/"
	cp -R "$project"/launch/{slurm,sweep,studies,machines} "$out/launch/"
	cp -R "$project"/launch/lib/{*.sh,*.py,sweep} "$out/launch/lib/"
	find "$out" -name __pycache__ -type d -prune -exec rm -rf {} +
}

# DT_RPATH, not DT_RUNPATH: it goes before LD_LIBRARY_PATH, where the other machine may name an MPI of its own. The plugin
# has none of its own build left: CUDA's libraries are where env.sh finds them.
set_library_paths() {
	local file
	strip --strip-unneeded "$out"/lib/*.so* "$mpi_plugins"/*.so "$out"/pmix/lib/pmix/*.so 2>/dev/null || true
	for file in "$out"/libexec/*; do patchelf --force-rpath --set-rpath "\$ORIGIN/../lib" "$file"; done
	for file in "$out"/lib/*.so*; do patchelf --force-rpath --set-rpath "\$ORIGIN" "$file"; done
	for file in "$out"/lib/tpscale/*.so; do patchelf --force-rpath --set-rpath "\$ORIGIN/.." "$file"; done
	for file in "${mpi_plugins:-$out/none}"/*.so; do [ ! -e "$file" ] || patchelf --force-rpath --set-rpath "\$ORIGIN/../../../../../../lib" "$file"; done
	for file in "$out"/pmix/lib/pmix/*.so; do [ ! -e "$file" ] || patchelf --force-rpath --set-rpath "\$ORIGIN/../../../lib" "$file"; done
}

write_wrappers() {
	local file name
	{
		printf 'TPSCALE_CUDA_NEEDS="%s"\n' "$(cuda_needs)"
		cat "$project/launch/lib/bundle_env.sh"
	} >"$out/env.sh"
	for file in "$out"/libexec/*; do
		name=${file##*/}
		[ "$name" != orterun ] || name=mpirun
		cat >"$out/bin/$name" <<-END
			#!/bin/sh
			BUNDLE=\$(CDPATH= cd -- "\$(dirname -- "\$(readlink -f -- "\$0")")/.." && pwd) || exit
			. "\$BUNDLE/env.sh"
			exec "\$BUNDLE/libexec/${file##*/}" "\$@"
		END
		chmod +x "$out/bin/$name"
	done
}

write_manifest() {
	local file package newest
	for file in "$out"/lib/*.so*; do
		package=$(dpkg -S "*/${file##*/}" 2>/dev/null | head -n 1 | cut -d: -f1) || true
		[ -z "$package" ] || cp -L "/usr/share/doc/$package/copyright" "$out/licenses/$package" 2>/dev/null || true
	done
	newest=$(find "$out" -type f \( -name '*.so*' -o -path '*/libexec/*' \) -exec objdump -T {} + 2>/dev/null |
		grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
	{
		printf 'tpscale %s, %s\n' "$(git -C "$project" rev-parse --short HEAD 2>/dev/null || echo 'of an unknown commit')" "$(uname -m)"
		printf '%s MiB, %s libraries, needs a C library with %s\n' "$(du -sm "$out" | cut -f1)" \
			"$(find "$out/lib" -maxdepth 1 -type f | wc -l)" "$newest"
		printf 'programs: %s\n' "$(cd "$out/bin" && printf '%s ' *)"
	} >"$out/MANIFEST"
}
