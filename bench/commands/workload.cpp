#include "bench/workload/workload.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/cli/model_text.h"
#include "bench/commands/commands.h"
#include "bench/print/message.h"
#include "bench/workload/trace.h"

namespace tpscale {
namespace {

struct ExportOptions {
  std::vector<std::string> name;
  std::int64_t vocab_size = 151936;
  std::string tokenizer;
  std::string output;
  bool json = false;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("name", self.name, "the workload's name (see tpscale list)");
    visit("vocab-size", self.vocab_size, "token ids of the fixed workload are below this");
    visit("tokenizer", self.tokenizer, "folder or tokenizer.json for --text (default: a byte is a token)");
    visit("output", self.output, "file for the requests as JSON Lines (default: standard output)");
    visit("json", self.json, "the summary as a JSON object on standard output; needs --output");
  }
};

class WorkloadCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "workload"; }
  std::string_view description() const noexcept override {
    return "write a workload's requests as JSON Lines, and its hash";
  }
  std::string_view footer() const noexcept override {
    return "Example:\n  tpscale workload nano-vllm -o requests.jsonl\n"
           "A line a request: {\"input_ids\": [...], \"output_tokens\": n, \"arrival_s\": t}; `run "
           "--workload trace --trace FILE` reads it.";
  }

  void declare(OptionTable& table) override {
    table.add("Export", export_);
    table.add("Workload", workload_);
    table.row("name").positional = true;
    table.row("output").short_flag = "-o";
    table.row("workload").hidden = true;
  }

  ExitCode run(World& world, const OptionTable&, const std::vector<std::string>&) override {
    on_rank_zero(world, [&] {
      if (export_.name.size() > 1) throw UsageError("tpscale workload takes one name");
      if (export_.json && export_.output.empty())
        throw UsageError("--json needs --output FILE for the requests");
      if (!export_.name.empty()) workload_.workload = export_.name.front();
      if (!export_.tokenizer.empty()) {
        workload_.tokenizer = std::make_shared<Tokenizer>(open_tokenizer(export_.tokenizer));
      }
      write();
    });
    return ExitCode::kDone;
  }

 private:
  void write() const {
    const Workload workload = make_workload(workload_, export_.vocab_size);
    if (export_.output.empty()) {
      write_trace(std::cout, workload.requests);
      std::cout.flush();
      if (!std::cout) throw InputOutputError("standard output cannot be written");
    } else {
      std::ofstream file(export_.output);
      write_trace(file, workload.requests);
      file.close();
      if (!file) throw InputOutputError("'" + export_.output + "' cannot be written");
    }
    if (export_.json) {
      nlohmann::ordered_json summary;
      summary["workload"] = workload.name;
      summary["sequences"] = workload.requests.size();
      summary["input_tokens"] = workload.input_tokens;
      summary["output_tokens"] = workload.output_tokens;
      summary["hash"] = workload.hash;
      std::puts(summary.dump().c_str());
      return;
    }
    const std::string line = workload.name + ": " + std::to_string(workload.requests.size()) +
                             " sequences, " + std::to_string(workload.input_tokens) + " input tokens, " +
                             std::to_string(workload.output_tokens) + " output tokens, hash " + workload.hash;
    if (export_.output.empty()) {
      say(line);
    } else {
      std::puts(line.c_str());
    }
  }

  ExportOptions export_;
  WorkloadOptions workload_;
};

}  // namespace

std::unique_ptr<Command> make_workload_command() {
  return std::make_unique<WorkloadCommand>();
}

}  // namespace tpscale
