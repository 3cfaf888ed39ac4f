#include "bench/provenance/hardware.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <sstream>

#include "bench/provenance/control_group.h"
#include "bench/provenance/system_file.h"

namespace tpscale {
namespace {

constexpr const char* kUnknown = "unknown: not readable on this host";

std::int64_t leading_integer(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

/// The instruction sets that decide which kernels run.
std::string instruction_sets(const std::string& flags) {
  constexpr std::array<std::string_view, 9> kShown = {"avx2",        "fma",         "avx512f",
                                                      "avx512_vnni", "avx512_bf16", "avx512_fp16",
                                                      "amx_tile",    "amx_bf16",    "amx_int8"};
  std::istringstream words(flags);
  std::string shown;
  for (std::string word; words >> word;) {
    for (const std::string_view known : kShown) {
      if (word == known) shown += (shown.empty() ? "" : " ") + word;
    }
  }
  return shown.empty() ? "none of those looked for" : shown;
}

std::int64_t allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

/// "always [madvise] never" -> "madvise"
std::string chosen(const std::optional<std::string>& choices) {
  if (!choices) return kUnknown;
  const std::size_t open = choices->find('[');
  const std::size_t close = choices->find(']');
  return open == std::string::npos || close == std::string::npos || close < open
             ? *choices
             : choices->substr(open + 1, close - open - 1);
}

std::string text_of(const Values& values, const std::string& name) {
  for (const auto& [key, value] : values) {
    if (key != name) continue;
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  }
  return kUnknown;
}

std::string gibibytes(std::int64_t bytes) {
  constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
  return std::to_string((bytes + kGibibyte / 2) / kGibibyte) + " GiB";
}

}  // namespace

Values host_hardware(const std::string& root) {
  const std::string cpuinfo = root + "/proc/cpuinfo";
  const std::int64_t memory = leading_integer(field(root + "/proc/meminfo", "MemTotal")) * 1024;
  Values values;
  values.emplace_back("cpu_model", field(cpuinfo, "model name").value_or(kUnknown));
  values.emplace_back("cpu_instruction_sets", instruction_sets(field(cpuinfo, "flags").value_or("")));
  values.emplace_back("cpu_cores", static_cast<std::int64_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  values.emplace_back("cpu_cores_allowed_at_report", allowed_cores());
  values.emplace_back("cache_l2_bytes", static_cast<std::int64_t>(::sysconf(_SC_LEVEL2_CACHE_SIZE)));
  values.emplace_back("cache_l3_bytes", static_cast<std::int64_t>(::sysconf(_SC_LEVEL3_CACHE_SIZE)));
  values.emplace_back("memory_bytes", memory);
  values.emplace_back("huge_pages", chosen(first_line(root + "/sys/kernel/mm/transparent_hugepage/enabled")));
  values.emplace_back(
      "cpu_governor",
      first_line(root + "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").value_or(kUnknown));
  const ControlGroupLimits limits = control_group_limits(root);
  values.emplace_back("control_group_cpus", limits.cpus);
  values.emplace_back("control_group_memory", limits.memory);
  return values;
}

std::string hardware_identity(const Values& hardware, const Backend* device) {
  std::int64_t memory = 0;
  for (const auto& [key, value] : hardware) {
    if (key == "memory_bytes") memory = std::get<std::int64_t>(value);
  }
  std::string identity =
      text_of(hardware, "cpu_model") + ", " + text_of(hardware, "cpu_cores") + " cores, " + gibibytes(memory);
  if (device != nullptr && !device->memory_is_host()) {
    identity += "; " + device->device_name() + ", " +
                gibibytes(static_cast<std::int64_t>(device->device_memory().total_bytes));
  }
  return identity;
}

}  // namespace tpscale
