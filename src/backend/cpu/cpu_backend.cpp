#include "backend/cpu/cpu_backend.h"

#include <cstring>
#include <utility>

#include "backend/cpu/cpu_features.h"
#include "backend/cpu/onednn/onednn_linear.h"
#include "backend/cpu/process_memory.h"
#include "core/error.h"

namespace tpscale::cpu {
namespace {

class StoredStep final : public StepGraph {
 public:
  explicit StoredStep(std::function<void()> step) : step_(std::move(step)) {}
  void launch() override { step_(); }

 private:
  std::function<void()> step_;
};

int chosen_threads(const BackendOptions& options, const DevicePlace& place) {
  if (options.threads < 0)
    throw UsageError("--threads must be 0 or more, not " + std::to_string(options.threads));
  if (options.threads > 0) return options.threads;
  return std::max(1, usable_cores() / std::max(1, place.local_size));
}

bool wants_onednn(const std::string& linear) {
  if (linear == "packed") return false;
  if (linear != "onednn") {
    throw UsageError("unknown kind of linear layer '" + linear + "'; use packed or onednn");
  }
  if (onednn_version().empty()) throw NotAvailableError("oneDNN is not in this build; use --linear packed");
  return true;
}

}  // namespace

CpuBackend::CpuBackend(const BackendOptions& options, const DevicePlace& place, Isa isa)
    : options_(options),
      isa_(isa),
      memory_(options.huge_pages),
      team_(chosen_threads(options, place), place.oversubscribed),
      ops_(memory_, team_, isa, wants_onednn(options.linear)),
      probe_(memory_, team_, isa) {}

std::string CpuBackend::device_name() const {
  return processor_name();
}

std::map<std::string, std::string> CpuBackend::facts() const {
  return {{"instruction_set", to_string(isa_)},
          {"threads", std::to_string(team_.size())},
          {"linear", options_.linear},
          {"onednn", onednn_version().empty() ? "not in this build" : onednn_version()},
          {"huge_pages", options_.huge_pages ? "madvise, system: " + huge_page_mode() : "off"},
          {"first_touch", "by the thread that fills the memory"}};
}

DeviceMemory CpuBackend::device_memory() const {
  const ProcessMemory now = read_process_memory();
  return {now.resident, now.peak_resident, now.available, now.total};
}

void CpuBackend::reset_peak() {
  memory().reset_peak();
  reset_peak_resident();
}

void CpuBackend::upload(void* device, const void* host, std::size_t bytes) {
  if (bytes > 0) std::memcpy(device, host, bytes);
}

void CpuBackend::download(void* host, const void* device, std::size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
}

std::unique_ptr<StepGraph> CpuBackend::capture(std::function<void()> step) {
  return std::make_unique<StoredStep>(std::move(step));
}

}  // namespace tpscale::cpu
