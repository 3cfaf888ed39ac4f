# shellcheck shell=sh disable=SC1091
# Sourced with BUNDLE set to the bundle's folder: where its Open MPI, models, fixtures and CUDA's libraries are. Plain sh.
: "${BUNDLE:?set BUNDLE to the folder of the bundle}"
export OPAL_PREFIX="$BUNDLE/ompi" OPAL_SYSCONFDIR="$BUNDLE/etc" OPAL_DATADIR="$BUNDLE/ompi/share"
export PMIX_PREFIX="$BUNDLE/pmix" PMIX_LIBDIR="$BUNDLE/pmix/lib" PMIX_PKGLIBDIR="$BUNDLE/pmix/lib/pmix"
export PMIX_DATAROOTDIR="$BUNDLE/pmix/share" PMIX_PKGDATADIR="$BUNDLE/pmix/share/pmix" PMIX_SYSCONFDIR="$BUNDLE/etc"
export HWLOC_PLUGINS_PATH="$BUNDLE/none"
export TPSCALE_MODELS="${TPSCALE_MODELS:-$BUNDLE/bench/models}" TPSCALE_FIXTURES="${TPSCALE_FIXTURES:-$BUNDLE/tests/fixtures}"
unset OMPI_MCA_mca_base_component_path OPAL_LIBDIR OPAL_PKGLIBDIR PMIX_MCA_mca_base_component_path
# Open MPI 4.1 ends even a run on one host where there is neither ssh nor rsh.
if ! command -v ssh >/dev/null 2>&1 && ! command -v rsh >/dev/null 2>&1; then
	export OMPI_MCA_plm_rsh_agent="${OMPI_MCA_plm_rsh_agent:-/bin/false}"
fi
# once: what a rank starts with is what mpirun found
if [ -z "${TPSCALE_CUDA_FOLDERS+set}" ]; then
	. "$BUNDLE/launch/lib/cuda_libraries.sh"
	add_cuda_folders "$BUNDLE/lib/cuda"
fi
