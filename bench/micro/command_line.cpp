#include "bench/micro/command_line.h"

#include <algorithm>

#include "backend/backend.h"
#include "bench/cli/option_table.h"
#include "core/dtype.h"
#include "core/error.h"
#include "model/config.h"

namespace tpscale {
namespace {

void require_within(const OptionTable& table, const std::string& name, std::int64_t low, std::int64_t high) {
  const auto& rows = table.rows();
  const auto row = std::ranges::find(rows, name, &OptionRow::name);
  for (const std::int64_t value : *std::get<std::vector<std::int64_t>*>(row->target)) {
    if (value < low || value > high) {
      throw UsageError("--" + name + " takes numbers from " + std::to_string(low) + " to " +
                       std::to_string(high));
    }
  }
}

void check_options(const MicroOptions& options, const OptionTable& table) {
  for (const std::string& model : options.model) preset_config(model);
  for (const std::string& dtype : options.dtype) parse_dtype(dtype);
  require_within(table, "tp", 1, 1024);
  require_within(table, "rows", 1, 1 << 20);
  require_within(table, "sequences", 1, 1 << 16);
  require_within(table, "context", 1, 1 << 20);
  require_within(table, "block-size", 1, 1 << 12);
  require_within(table, "threads", 0, 1 << 16);
  require_within(table, "bytes", 1, std::int64_t{1} << 32);
  if (options.samples < 1 || options.samples > 100000) {
    throw UsageError("--samples takes numbers from 1 to 100000");
  }
  if (options.probe_seconds <= 0.0) throw UsageError("--probe-seconds wants more than 0");
  if (options.file_mib < 1 || options.file_mib > 1 << 20) {
    throw UsageError("--file-mib takes numbers from 1 to 1048576");
  }
  if (!options.inject_bug.empty() && options.inject_bug != "sum") throw UsageError("--inject-bug knows sum");
}

}  // namespace

MicroCommandLine parse_micro_command_line(const std::vector<std::string>& arguments) {
  MicroCommandLine line;
  OptionTable table;
  table.add("", line.options);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help" || word == "-h") {
      line.help = true;
      return line;
    }
    if (word.starts_with("--benchmark_")) {
      line.google.push_back(word);
      continue;
    }
    const std::size_t equals = word.find('=');
    OptionRow* row = word.starts_with("--") ? table.find(word.substr(2, equals - 2)) : nullptr;
    if (row == nullptr) {
      throw UsageError("'" + word + "' is no option of tpscale-micro (--help tells what there is)");
    }
    if (equals == std::string::npos && i + 1 == arguments.size()) {
      throw UsageError(word + " wants " + type_name(*row));
    }
    assign(*row, equals == std::string::npos ? arguments[++i] : word.substr(equals + 1));
  }
  check_options(line.options, table);
  return line;
}

std::string micro_help() {
  MicroOptions options;
  OptionTable table;
  table.add("", options);
  std::string text =
      "tpscale-micro - every op, copy and collective alone, by shape, on Google Benchmark\n\n"
      "  tpscale-micro --benchmark_filter=linear/qkv --tp 1,2,4,8\n"
      "  mpirun -n 4 tpscale-micro --benchmark_filter=all_reduce\n"
      "  tpscale-micro --store out && tpscale-report out\n\n"
      "Options (lists are separated by commas):\n";
  for (const OptionRow& row : table.rows()) {
    if (row.name == "inject-bug") continue;
    const std::string now = current_text(row);
    text += "  --" + row.name + (now.empty() ? "" : " [" + now + "]") + "\n      " + row.help + "\n";
  }
  return text +
         "Google Benchmark's: --benchmark_filter=REGEX --benchmark_list_tests --benchmark_repetitions=N\n"
         "  --benchmark_min_time=S --benchmark_format=json --benchmark_out=FILE ... (its own documentation)\n"
         "Exit 3: a collective gave a wrong result; 75: interrupted, what was finished is stored; the codes "
         "of\n"
         "`tpscale --help` otherwise.\n";
}

}  // namespace tpscale
