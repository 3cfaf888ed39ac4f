// A configuration file of `tpscale run`.
#include <sstream>

#include "bench/cli/config_file.h"
#include "bench/cli/model_options.h"
#include "bench/cli/run_options.h"
#include "bench/workload/options.h"
#include "fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tpscale;
  RunOptions run;
  ModelOptions model;
  WorkloadOptions workload;
  OptionTable table;
  table.add("run", run);
  table.add("model", model);
  table.add("workload", workload);
  std::istringstream content{std::string(fuzz::text_of(data, size))};
  fuzz::taken_or_refused<UsageError>([&] { apply_config(content, "f", "run", table); });
  return 0;
}
