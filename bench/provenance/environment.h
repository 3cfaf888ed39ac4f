#pragma once
#include <string>
#include <string_view>

namespace tpscale {

/// True for variables that change how a run behaves and whose names promise no secret: NCCL_*, OMPI_*, UCX_*,
/// CUDA_*, OMP_*, SLURM_* and a few exact names of libraries in use; never one whose name has TOKEN, KEY,
/// SECRET, PASSWORD or the like in it.
bool is_stored_variable(std::string_view name);

/// "NAME=value" lines of those, sorted; `environment` ends with a null pointer as environ does. A line end
/// within a value is written \n; what goes beyond 20,000 bytes is left out and counted.
std::string stored_environment(char* const* environment);

}  // namespace tpscale
