#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backend/device_probe.h"
#include "backend/host_fetch.h"
#include "backend/ops.h"
#include "backend/transfer.h"
#include "core/buffer.h"
#include "core/memory.h"
#include "core/registry.h"
#include "core/stream.h"

namespace tpscale {

/// What a recorded step costs besides its running. Zeros where the device has no graphs.
struct StepGraphFacts {
  std::int64_t nodes = 0;  ///< operations recorded
  std::size_t device_bytes =
      0;                  ///< by which the device's free memory fell: coarse, as a device gives out memory
  double record_s = 0.0;  ///< host seconds of recording the step
  double instantiate_s = 0.0;  ///< host seconds of making it launchable and bringing it to the device
};

/// One step recorded once and run many times. Where the device has no graphs it is a stored function.
class StepGraph {
 public:
  virtual ~StepGraph() = default;
  virtual void launch() = 0;
  virtual StepGraphFacts facts() const { return {}; }
};

/// The device's own view of the memory in use (resident set of the process on a CPU, NVML's figure on a GPU).
struct DeviceMemory {
  std::size_t used_bytes = 0;
  std::size_t peak_bytes = 0;       ///< since reset_peak where the device can reset it, else since the start
  std::size_t available_bytes = 0;  ///< what an allocation may still hope for
  std::size_t total_bytes = 0;
};

/// What a device says of itself while it works.
struct DeviceState {
  double clock_sm_hz = 0.0;
  double clock_memory_hz = 0.0;
  double temperature_c = 0.0;
  double power_w = 0.0;
  std::string throttle_reasons;  ///< what holds the clocks down now, joined by '+'; empty: nothing
  std::size_t used_bytes = 0;    ///< of the device's memory, by all processes
};

/// How a rank's device is to be set up. Derives flags, help and stored parameters through visit_fields.
struct BackendOptions {
  int threads = 0;                ///< cores of this rank; 0: cores of the node / ranks on it, at least 1
  std::string linear = "packed";  ///< packed: own kernels; onednn: the reference arm
  bool huge_pages = true;
  std::string instruction_set =
      "auto";  ///< of the CPU's kernels: auto (the best of the machine), generic, avx2, ...

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("threads", self.threads, "cores a rank computes with (0: cores of the node / ranks on it)");
    visit("linear", self.linear, "linear layers on a CPU: packed (own kernels) or onednn (the reference)");
    visit("huge-pages", self.huge_pages, "ask for huge pages for weights and KV cache");
    visit("instruction-set", self.instruction_set, "of a CPU's kernels: auto, generic, avx2, avx512 or amx");
  }
};

/// One device as one rank uses it: memory, a stream, ops. Everything it made must be gone before it is.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const noexcept = 0;  ///< "cpu", "cuda"
  /// "Intel Xeon ...", "NVIDIA H100 ..."; "Virtual ..." where the device only acts as one and its speed means
  /// nothing.
  virtual std::string device_name() const = 0;
  /// Facts worth storing with every measurement: instruction sets, huge pages, library versions, driver.
  virtual std::map<std::string, std::string> facts() const = 0;
  virtual bool supports(Dtype compute_dtype) const noexcept = 0;
  virtual bool has_graphs() const noexcept = 0;

  virtual Ops& ops() noexcept = 0;
  virtual Stream& stream() noexcept = 0;
  virtual DeviceProbe& probe() noexcept = 0;
  virtual MemoryTracker& memory() noexcept = 0;  ///< what this Backend's Buffers hold
  virtual DeviceMemory device_memory() const = 0;

  /// Zeroed device memory, aligned to 64 bytes or more. Throws OutOfMemoryError with bytes asked for and
  /// available.
  virtual Buffer allocate(std::size_t bytes, MemoryKind kind) = 0;
  /// In stream order; `host` may be written again when it returns.
  virtual void upload(void* device, const void* host, std::size_t bytes) = 0;
  virtual void download(void* host, const void* device,
                        std::size_t bytes) = 0;  ///< in stream order, then waits
  /// For copies of up to `capacity` bytes that the host does not wait for at once. This one waits: enough
  /// where work is done when an op returns.
  virtual std::unique_ptr<HostFetch> make_fetch(std::size_t capacity);
  /// For copies of up to so many bytes in so many pieces beside the compute stream. This one is between two
  /// arenas of the host (make_host_transfer).
  virtual std::unique_ptr<Transfer> make_transfer(std::size_t most_bytes, std::size_t most_pieces);

  /// Whether host code may read and write what allocate() gives. Where it may not, host communicators work on
  /// copies.
  virtual bool memory_is_host() const noexcept { return true; }
  /// Names the device among all devices of all hosts, so that ranks find out whether they share one; empty
  /// where a rank's device is a part of the host.
  virtual std::string device_id() const { return {}; }
  /// Host memory that upload() and download() are fastest with (pinned, where the device knows such).
  virtual std::shared_ptr<std::byte[]> host_memory(std::size_t bytes) {
    return std::make_shared<std::byte[]>(bytes);
  }
  /// Whether host_memory() is pinned: unlike other host memory, read and written by the device itself.
  virtual bool pins_host_memory() const noexcept { return false; }

  /// May be called by any thread while the backend lives. Nothing where the device does not tell.
  virtual std::optional<DeviceState> device_state() const { return std::nullopt; }

  /// A named range of the host's time for a profiler; see Range. Ranges nest.
  virtual void range_push(const char* /*name*/) noexcept {}
  virtual void range_pop() noexcept {}

  /// Begins a new peak in memory() and, where the device can, in device_memory().
  virtual void reset_peak() { memory().reset_peak(); }

  /// Records `step`, without its work being done: launch() does it. `step` enqueues the same work on the same
  /// addresses every time.
  virtual std::unique_ptr<StepGraph> capture(std::function<void()> step) = 0;
};

/// Shows the profiler what the host is about while this lives: "prefill", "decode", "layer", "all_reduce".
class Range {
 public:
  Range(Backend& backend, const char* name) noexcept : backend_(backend) { backend_.range_push(name); }
  ~Range() { backend_.range_pop(); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

 private:
  Backend& backend_;
};

/// What a backend needs to know of its place: the rank's number among those of its host and the cores it may
/// use.
struct DevicePlace {
  int local_rank = 0;
  int local_size = 1;
  bool oversubscribed = false;  ///< more ranks x threads than cores: spinning must yield
};

using BackendFactory = std::function<std::unique_ptr<Backend>(const BackendOptions&, const DevicePlace&)>;
Registry<BackendFactory>& backend_registry();

}  // namespace tpscale
