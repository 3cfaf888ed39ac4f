#include "bench/commands/experiment_sizes.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace tpscale {
namespace {

/// What every experiment of a profile shares.
void set_profile_defaults(RunOptions& run, const Sizing& sizing) {
  if (sizing.profile != "smoke") return;
  run.repetitions = 3;
  run.instrumented_repetitions = 1;
  run.probe_seconds = 0.05;
}

/// A file says by itself what it is: --trace makes the trace workload, --text the text one, but not in place
/// of requests that an experiment's question is about (shared beginnings, lengths that differ).
std::string workload_asked_for(const WorkloadOptions& common, const OptionTable& table,
                               const std::string& own) {
  if (table.given("workload")) return common.workload;
  if (!common.trace.empty()) return "trace";
  const bool has_text = !common.text.empty() || !common.token_ids.empty();
  return has_text && own == WorkloadOptions{}.workload ? "text" : own;
}

}  // namespace

std::vector<std::string> selected_experiments(const std::vector<std::string>& names) {
  if (names.empty()) throw UsageError("name an experiment: all, " + experiment_registry().joined_names());
  std::vector<std::string> selected;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(selected, name) == selected.end()) selected.push_back(name);
  };
  for (const std::string& name : names) {
    if (name == "all") {
      std::set<std::pair<std::string, std::string>> in_order;
      for (const auto& [known, entry] : experiment_registry().entries())
        in_order.emplace(entry.factory.section, known);
      for (const auto& [section, known] : in_order) add(known);
    } else if (experiment_registry().contains(name)) {
      add(name);
    } else {
      throw UsageError("there is no experiment '" + name + "'; choose of all, " +
                       experiment_registry().joined_names());
    }
  }
  return selected;
}

void require_profile(const std::string& profile) {
  if (profile == "default" || profile == "smoke" || profile == "full") return;
  throw UsageError("--profile is default, smoke or full, not '" + profile + "'");
}

void declare_launch_options(OptionTable& table, LaunchOptions& options) {
  table.add("Measuring", options.run);
  table.add("Model and device", options.model);
  table.add("Workload", options.workload);
  table.add("Engine", options.engine);
  table.add("Model and device", options.backend);
  table.add("Parallel", options.parallel);
  table.add("KV-cache compression", options.compression);
}

LaunchOptions options_of(const Experiment& experiment, const LaunchOptions& common, const OptionTable& table,
                         const Sizing& sizing) {
  LaunchOptions own = common;
  set_profile_defaults(own.run, sizing);
  if (experiment.defaults) experiment.defaults(own, sizing);
  const std::string asked_for = workload_asked_for(common.workload, table, own.workload.workload);
  if (asked_for != own.workload.workload) {
    own.workload = common.workload;  // the sizes were meant for another workload
    own.workload.workload = asked_for;
  }
  OptionTable rows;
  declare_launch_options(rows, own);
  copy_given(table, rows);
  return own;
}

std::string sizes_text(const LaunchOptions& common, const LaunchOptions& own) {
  LaunchOptions before = common, after = own;  // a table holds pointers to what it may change
  OptionTable rows_before, rows_after;
  declare_launch_options(rows_before, before);
  declare_launch_options(rows_after, after);
  std::string text;
  for (std::size_t i = 0; i < rows_after.rows().size(); ++i) {
    const OptionRow& row = rows_after.rows()[i];
    const std::string value = current_text(row);
    if (value == current_text(rows_before.rows()[i])) continue;
    text += (text.empty() ? "--" : " --") + row.name + " " + value;
  }
  return text;
}

}  // namespace tpscale
