#pragma once
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "comm/single_rank.h"
#include "engine/engine.h"
#include "model/model_source.h"
#include "parallel/shard_plan.h"
#include "support/backend_under_test.h"
#include "support/paths.h"

namespace tpscale::test {

inline std::unique_ptr<Backend> one_core_backend() {
  BackendOptions options;
  options.threads = 1;
  return make_backend_under_test(options);
}

inline std::string fixture_folder(const std::string& name) {
  return fixtures() + "/" + name;
}

/// An engine on one rank (or on the rank of `comm`) with everything it stands on.
class EngineHarness {
 public:
  /// `model` is a preset or a folder; sizes are planned for `requests`, or for scoring a text of
  /// `text_length` tokens.
  EngineHarness(const std::string& model, const EngineOptions& options, std::span<const Request> requests,
                std::int64_t text_length = 0, Communicator* comm = nullptr)
      : EngineHarness(one_core_backend(), model, options, requests, text_length, comm) {}
  EngineHarness(std::unique_ptr<Backend> backend, const std::string& model, const EngineOptions& options,
                std::span<const Request> requests, std::int64_t text_length = 0, Communicator* comm = nullptr)
      : backend_(std::move(backend)), source_(open_model(model, "", 1)) {
    Communicator& group = comm != nullptr ? *comm : single_;
    const ModelShard shard = plan_shard(source_->config(), group.size(), group.rank());
    EngineOptions exact = options;
    exact.dtype = to_string(choose_dtype(*backend_, source_->config(), options));
    const EngineSizes sizes = text_length > 0
                                  ? plan_scoring_sizes(source_->config(), shard, exact, text_length)
                                  : plan_sizes(source_->config(), shard, exact, requests);
    engine_ = std::make_unique<Engine>(*backend_, group, *source_, shard, exact, sizes);
  }

  Engine* operator->() { return engine_.get(); }
  Backend& backend() { return *backend_; }
  const ModelConfig& config() const { return source_->config(); }

 private:
  SingleRank single_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<ModelSource> source_;
  std::unique_ptr<Engine> engine_;
};

/// Synthetic requests of `vocab_size` tokens: lengths and contents are functions of the seed.
std::vector<Request> random_requests(std::int64_t count, std::int64_t vocab_size, std::int64_t longest_prompt,
                                     std::int64_t longest_output, std::uint64_t seed);

/// The generated tokens of each request.
std::vector<std::vector<std::int32_t>> tokens_of(const RunResult& result);

}  // namespace tpscale::test
