#include "bench/workload/workload.h"

#include <algorithm>
#include <bit>

#include "bench/store/hash.h"
#include "bench/workload/arrivals.h"
#include "bench/workload/generated.h"
#include "bench/workload/mixed_texts.h"
#include "bench/workload/token_file.h"
#include "bench/workload/trace.h"
#include "core/error.h"
#include "text/tokenizer.h"

namespace tpscale {
namespace {

constexpr std::int64_t kFixedSequences = 8;
constexpr std::int64_t kSharedPrefixSequences = 100;
constexpr std::int64_t kLargest = std::int64_t{1} << 28;  // tokens or sequences that no machine serves

void require_range(const char* option, std::int64_t value, std::int64_t low) {
  if (value >= low && value <= kLargest) return;
  throw UsageError("--" + std::string(option) + " must be at least " + std::to_string(low) + " and not " +
                   std::to_string(value));
}

void require_share(const char* option, double value) {
  if (value >= 0.0 && value <= 1.0) return;
  throw UsageError("--" + std::string(option) + " must be a share from 0 to 1");
}

/// No gap is longer than a few years, nor so short that all are at once.
void require_arrivals(const WorkloadOptions& options) {
  if (options.request_rate != 0.0 && !(options.request_rate >= 1e-6 && options.request_rate <= 1e6)) {
    throw UsageError("--request-rate takes requests a second from 0.000001 to 1000000, or 0 for all at once");
  }
  if (!(options.burstiness >= 0.01 && options.burstiness <= 10000.0)) {
    throw UsageError("--burstiness must be from 0.01 to 10000");
  }
  if (options.request_rate == 0.0 && options.burstiness != 1.0) {
    throw UsageError("--burstiness needs --request-rate");
  }
}

/// The sequences of a generated workload, `tokens` each at most.
std::int64_t sequences_of(const WorkloadOptions& options, std::int64_t own_number, std::int64_t tokens,
                          const char* of_tokens) {
  const std::int64_t sequences = options.num_sequences == 0 ? own_number : options.num_sequences;
  if (sequences > kLargest / tokens)
    throw UsageError("--num-sequences x " + std::string(of_tokens) + " is too large");
  return sequences;
}

std::vector<Request> fixed(const WorkloadOptions& options, std::int64_t vocab_size) {
  const std::int64_t sequences =
      sequences_of(options, kFixedSequences, options.input_tokens, "--input-tokens");
  return fixed_requests(sequences, options.input_tokens, options.output_tokens, options.seed, vocab_size);
}

std::vector<Request> random_lengths(const WorkloadOptions& options, std::int64_t vocab_size) {
  require_range("min-length", options.min_length, 1);
  require_range("max-length", options.max_length, options.min_length);
  const std::int64_t sequences = sequences_of(options, kFixedSequences, options.max_length, "--max-length");
  return random_length_requests(sequences, options.min_length, options.max_length, options.seed, vocab_size);
}

std::vector<Request> shared_prefix(const WorkloadOptions& options, std::int64_t vocab_size) {
  require_share("shared-share", options.shared_share);
  require_share("prefix-share", options.prefix_share);
  const std::int64_t sequences =
      sequences_of(options, kSharedPrefixSequences, options.input_tokens, "--input-tokens");
  return shared_prefix_requests(sequences, options.input_tokens, options.output_tokens, options.shared_share,
                                options.prefix_share, options.seed, vocab_size);
}

std::vector<Request> mixed_texts(const WorkloadOptions& options, std::int64_t vocab_size) {
  if (options.num_sequences > kMixedTexts) {
    throw UsageError("--workload mixed-texts has 4 sequences: --num-sequences must not be above");
  }
  return mixed_text_requests(options.num_sequences == 0 ? kMixedTexts : options.num_sequences,
                             options.output_tokens, options.seed, vocab_size);
}

std::vector<Request> nano_vllm(const WorkloadOptions& options, std::int64_t) {
  const std::int64_t sequences = options.num_sequences == 0 ? kNanoVllmSequences : options.num_sequences;
  if (sequences > kNanoVllmSequences) {
    throw UsageError("--workload nano-vllm has 256 sequences: --num-sequences must not be above");
  }
  return nano_vllm_requests(sequences, options.length_divisor, options.seed);
}

std::vector<Request> text(const WorkloadOptions& options, std::int64_t) {
  if (options.text.empty() == options.token_ids.empty()) {
    throw UsageError("--workload text needs either --text FILE or --token-ids FILE");
  }
  const std::vector<std::int32_t> tokens = options.text.empty() ? read_token_ids(options.token_ids)
                                           : options.tokenizer
                                               ? options.tokenizer->encode(read_input_file(options.text))
                                               : byte_tokens(read_input_file(options.text));
  const std::int64_t sequences = sequences_of(options, 0, options.input_tokens, "--input-tokens");
  return cut_into_requests(tokens, sequences, options.input_tokens, options.output_tokens);
}

std::vector<Request> trace(const WorkloadOptions& options, std::int64_t vocab_size) {
  if (options.trace.empty()) throw UsageError("--workload trace needs --trace FILE");
  std::vector<Request> requests =
      parse_trace(read_input_file(options.trace), options.trace, options.seed, vocab_size);
  if (options.num_sequences > static_cast<std::int64_t>(requests.size())) {
    throw UsageError(options.trace + " has " + std::to_string(requests.size()) +
                     " requests, fewer than --num-sequences");
  }
  if (options.num_sequences != 0) requests.resize(static_cast<std::size_t>(options.num_sequences));
  return requests;
}

struct Kind {
  const char* name;
  const char* description;
  std::vector<Request> (*make)(const WorkloadOptions&, std::int64_t);
};

constexpr Kind kKinds[] = {
    {"fixed", "sequences of equal length, token ids from a counter-based generator", fixed},
    {"random-lengths", "input and output lengths uniform between --min-length and --max-length",
     random_lengths},
    {"nano-vllm", "256 sequences of 100 to 1024 tokens in and out, as nano-vllm's benchmark has them",
     nano_vllm},
    {"shared-prefix", "prompts of which a share begins with the same tokens", shared_prefix},
    {"mixed-texts", "four texts of 6, 57, 680 and 7 characters", mixed_texts},
    {"text", "a file cut into sequences: --text (bytes) or --token-ids", text},
    {"trace", "requests of a JSON Lines file: --trace", trace},
};

}  // namespace

std::vector<WorkloadName> workload_names() {
  std::vector<WorkloadName> names;
  for (const Kind& kind : kKinds) names.push_back({kind.name, kind.description});
  return names;
}

std::string workload_hash(std::span<const Request> requests) {
  Hasher hasher;
  for (const Request& request : requests) {
    hasher.add_integer(static_cast<std::int64_t>(request.prompt.size()));
    for (const std::int32_t token : request.prompt) hasher.add_integer(token);
    hasher.add_integer(request.max_new_tokens);
    hasher.add_integer(std::bit_cast<std::int64_t>(request.arrival_s));
  }
  return hasher.hex();
}

Workload finish_workload(std::string name, std::vector<Request> requests, std::int64_t vocab_size) {
  Workload workload{std::move(name), std::move(requests), 0, 0, ""};
  for (std::size_t i = 0; i < workload.requests.size(); ++i) {
    const Request& request = workload.requests[i];
    const std::string which = "request " + std::to_string(i) + " of workload " + workload.name;
    if (request.prompt.empty() || request.max_new_tokens < 1) {
      throw UsageError(which + " needs at least one prompt token and one new token");
    }
    const auto [low, high] = std::minmax_element(request.prompt.begin(), request.prompt.end());
    if (*low < 0 || *high >= vocab_size) {
      throw UsageError(which + " has token id " + std::to_string(*low < 0 ? *low : *high) +
                       ", but the model knows 0 to " + std::to_string(vocab_size - 1) +
                       ": choose another workload or model");
    }
    workload.input_tokens += static_cast<std::int64_t>(request.prompt.size());
    workload.output_tokens += request.max_new_tokens;
  }
  workload.hash = workload_hash(workload.requests);
  return workload;
}

Workload make_workload(const WorkloadOptions& options, std::int64_t vocab_size) {
  require_range("num-sequences", options.num_sequences, 0);
  require_range("input-tokens", options.input_tokens, 1);
  require_range("output-tokens", options.output_tokens, 1);
  require_range("length-divisor", options.length_divisor, 1);
  require_range("seed", options.seed, 0);
  require_arrivals(options);
  std::string known;
  for (const Kind& kind : kKinds) {
    if (options.workload == kind.name) {
      std::vector<Request> requests = kind.make(options, vocab_size);
      if (options.request_rate > 0.0)
        set_arrivals(requests, options.request_rate, options.burstiness, options.seed);
      return finish_workload(kind.name, std::move(requests), vocab_size);
    }
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  throw UsageError("there is no workload '" + options.workload + "'; choose one of " + known);
}

}  // namespace tpscale
