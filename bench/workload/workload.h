#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bench/workload/options.h"
#include "engine/engine.h"

namespace tpscale {

/// The requests of a launch, the same on every rank.
struct Workload {
  std::string name;  ///< "fixed", "nano-vllm", ...
  std::vector<Request> requests;
  std::int64_t input_tokens = 0;  ///< in all
  std::int64_t output_tokens = 0;
  std::string hash;  ///< workload_hash(requests)
};

/// Makes the requests for a model of `vocab_size` tokens. Throws UsageError (options that make no sense,
/// token ids that the model does not have), MissingInputError and BadDataError (files). Reads files: every
/// rank may call it, but a file that only one host has fails on the others.
Workload make_workload(const WorkloadOptions& options, std::int64_t vocab_size);

/// Names make_workload knows, with a line each.
struct WorkloadName {
  std::string name, description;
};
std::vector<WorkloadName> workload_names();

/// XXH64 as 16 hex digits over, request by request, the number of prompt tokens, the tokens, the number of
/// new tokens (each 8 bytes little-endian) and the arrival's bits.
std::string workload_hash(std::span<const Request> requests);
/// Fills in the totals and the hash; checks every request: at least one prompt token and one new one, token
/// ids below `vocab_size`. Throws UsageError that names the request.
Workload finish_workload(std::string name, std::vector<Request> requests, std::int64_t vocab_size);

}  // namespace tpscale
