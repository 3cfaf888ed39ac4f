#include "bench/trial/identity.h"

#include "bench/cli/option_table.h"
#include "bench/trial/model_session.h"

namespace tpscale {
namespace {

template <class Options>
void append_values(Values& to, const Options& options) {
  for (auto& value : to_values(options)) to.push_back(std::move(value));
}

}  // namespace

Values identity(const Launch& launch, const std::string& experiment, const Workload& workload, int degree) {
  const LaunchOptions& options = launch.options;
  Values values{{"experiment", experiment},
                {"model", launch.source.config().name},
                {"weights_hash", launch.source.weights_hash()},
                {"weights_seed", static_cast<std::int64_t>(options.model.weights_seed)},
                {"tp", static_cast<std::int64_t>(degree)},
                {"backend", launch.setup.backend}};
  EngineOptions engine = options.engine;
  engine.dtype = to_string(compute_dtype(launch.source.config(), engine));
  append_values(values, engine);
  append_values(values, launch.setup.options);
  for (auto& value : to_values(options.parallel)) {
    if (value.first != "watchdog") values.push_back(std::move(value));  // ends a run, changes no figure
  }
  for (auto& value : to_values(options.workload)) {
    // a file is known by what was read from it, the number of sequences by what came of it
    if (value.first != "text" && value.first != "token_ids" && value.first != "trace" &&
        value.first != "num_sequences") {
      values.push_back(std::move(value));
    }
  }
  values.emplace_back("num_sequences", static_cast<std::int64_t>(workload.requests.size()));
  values.emplace_back("workload_hash", workload.hash);
  if (launch.text) values.emplace_back("text_hash", launch.text->hash);
  return values;
}

}  // namespace tpscale
