#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/cli/model_options.h"
#include "bench/commands/commands.h"
#include "bench/print/number.h"
#include "bench/provenance/hardware.h"
#include "bench/provenance/provenance.h"
#include "bench/statistics/sample_statistics.h"
#include "bench/trial/agreement.h"
#include "bench/trial/device_peaks.h"
#include "bench/trial/isolated_collective.h"
#include "bench/trial/rank_group.h"
#include "bench/trial/virtual_device.h"

namespace tpscale {
namespace {

constexpr std::size_t kWorkingSet = std::size_t{256} << 20;
constexpr std::int64_t kRepetitions = 10;
constexpr std::int64_t kCalls = 20;
constexpr const char* kNoRates = "the device is virtual, its clock means nothing";

struct InfoOptions {
  std::string backend = "auto";
  std::string dtype = "bf16";
  double probe_seconds = 0.3;
  bool json = false;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("backend", self.backend, "auto, or a backend of `tpscale list`");
    visit("dtype", self.dtype, "f32, bf16 or f16: of the GEMM and the multiply-add peak");
    visit("probe-seconds", self.probe_seconds, "how long each probe takes");
    visit("json", self.json, "one JSON object on standard output");
  }
};

/// What the ranks measured together; rates are sums over ranks. Nothing on a virtual device, whose clock
/// means nothing.
struct Measured {
  bool rates = false;
  DevicePeaks peaks;
  double copy_bandwidth = 0.0;
  std::vector<std::pair<std::size_t, double>> all_reduce;  ///< bytes, median seconds of the slowest rank
};

class InfoCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "info"; }
  std::string_view description() const noexcept override {
    return "hardware and libraries, and what they reach: bandwidth, GEMM rate, all-reduce latency";
  }
  std::string_view footer() const noexcept override {
    return "Examples:\n  tpscale info\n  mpirun -n 4 tpscale info --json";
  }

  void declare(OptionTable& table) override {
    table.add("Measuring", options_);
    table.add("Device", backend_);
    table.add("Parallel", parallel_);
  }

  ExitCode run(World& world, const OptionTable&, const std::vector<std::string>& arguments) override {
    Dtype dtype = Dtype::kF32;
    together(world, [&] { dtype = parse_dtype(options_.dtype); });
    const DeviceSetup setup = set_up_devices(world, options_.backend, backend_, parallel_);
    RankGroup group(world, setup, world.size());
    Measured measured;
    if (!is_virtual(group.backend())) measured = measure(group, dtype);
    if (world.rank() != 0) return ExitCode::kDone;
    Values facts = host_hardware();
    facts.emplace_back("backend", setup.backend);
    facts.emplace_back("device", group.backend().device_name());
    for (const auto& [key, fact] : group.backend().facts()) facts.emplace_back("device_" + key, fact);
    facts.emplace_back("ranks", static_cast<std::int64_t>(world.size()));
    facts.emplace_back("threads_per_rank", static_cast<std::int64_t>(setup.options.threads));
    facts.emplace_back("oversubscribed", world.oversubscribed());
    std::vector<std::string> command_line{"tpscale"};
    command_line.insert(command_line.end(), arguments.begin(), arguments.end());
    options_.json ? print_json(facts, launch_provenance(world, command_line), measured)
                  : print_text(facts, launch_provenance(world, command_line), measured);
    return ExitCode::kDone;
  }

 private:
  Measured measure(RankGroup& group, Dtype dtype) const {
    Measured measured;
    measured.rates = true;
    measured.peaks = probe_device(group.backend(), group.comm(), dtype, kWorkingSet, options_.probe_seconds);
    group.comm().barrier();
    const std::array mine{group.backend().probe().copy_bandwidth(kWorkingSet, options_.probe_seconds)};
    for (const auto& rank : gather(group.comm(), mine)) measured.copy_bandwidth += rank[0];
    if (group.comm().size() == 1) return measured;
    for (std::size_t bytes = 8; bytes <= (std::size_t{2} << 20); bytes *= 8) {
      const Samples samples =
          time_all_reduce(group.backend(), group.comm(), dtype, bytes, kRepetitions, kCalls);
      measured.all_reduce.emplace_back(bytes, median(repetition_times(samples.rows, 1)));
    }
    return measured;
  }

  static double total(const std::vector<double>& values) {
    double sum = 0.0;
    for (const double value : values) sum += value;
    return sum;
  }

  static std::string text_of(const Value& value) {
    const Values one{{"", value}};
    std::string text = canonical_text(one).substr(1);
    text.pop_back();
    return text;
  }

  void print_text(const Values& facts, const Values& provenance, const Measured& measured) const {
    for (const auto& [key, value] : facts) std::printf("%-26s %s\n", key.c_str(), text_of(value).c_str());
    for (const auto& [key, value] : provenance) {
      if (key == "versions" || key == "commit" || key == "build_type" || key == "compiler" ||
          key == "rank_cores") {
        std::printf("%-26s %s\n", key.c_str(), text_of(value).c_str());
      }
    }
    if (!measured.rates) {
      std::printf("\nno rates: %s\n", kNoRates);
      return;
    }
    std::printf("\nmeasured by all ranks at once, summed over them (working set 256 MiB a rank)\n");
    std::printf("%-26s %10s GB/s\n", "read bandwidth",
                short_number(total(measured.peaks.read_bandwidth) / 1e9).c_str());
    std::printf("%-26s %10s GB/s\n", "copy bandwidth", short_number(measured.copy_bandwidth / 1e9).c_str());
    std::printf("%-26s %10s GFLOP/s\n", ("GEMM " + options_.dtype).c_str(),
                short_number(total(measured.peaks.gemm_rate) / 1e9).c_str());
    std::printf("%-26s %10s GFLOP/s\n", ("multiply-add " + options_.dtype).c_str(),
                short_number(total(measured.peaks.multiply_add_peak) / 1e9).c_str());
    for (const auto& [bytes, seconds] : measured.all_reduce) {
      std::printf("%-26s %10s us\n", ("all-reduce " + std::to_string(bytes) + " B").c_str(),
                  short_number(seconds * 1e6).c_str());
    }
  }

  void print_json(const Values& facts, const Values& provenance, const Measured& measured) const {
    nlohmann::ordered_json object;
    for (const auto& [section, values] :
         {std::pair{"hardware", &facts}, std::pair{"provenance", &provenance}}) {
      for (const auto& [key, value] : *values) {
        std::visit([&, s = section, k = key](const auto& held) { object[s][k] = held; }, value);
      }
    }
    auto& rates = object["measured"];
    if (measured.rates) {
      add_rates(rates, measured);
    } else {
      rates["absent"] = kNoRates;
    }
    std::puts(object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  }

  static void add_rates(nlohmann::ordered_json& rates, const Measured& measured) {
    rates["read_bandwidth"] = total(measured.peaks.read_bandwidth);
    rates["copy_bandwidth"] = measured.copy_bandwidth;
    rates["gemm_rate"] = total(measured.peaks.gemm_rate);
    rates["multiply_add_peak"] = total(measured.peaks.multiply_add_peak);
    rates["all_reduce"] = nlohmann::ordered_json::array();
    for (const auto& [bytes, seconds] : measured.all_reduce) {
      rates["all_reduce"].push_back({{"bytes", bytes}, {"seconds", seconds}});
    }
  }

  InfoOptions options_;
  BackendOptions backend_;
  ParallelOptions parallel_;
};

}  // namespace

std::unique_ptr<Command> make_info_command() {
  return std::make_unique<InfoCommand>();
}

}  // namespace tpscale
