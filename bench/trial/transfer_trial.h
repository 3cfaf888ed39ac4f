#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "backend/transfer.h"
#include "bench/provenance/run_delay_gauge.h"
#include "bench/trial/timed_trial.h"

namespace tpscale {

/// The name of the arm that is the ceiling of the others.
inline constexpr const char* kCeiling = "ceiling";

/// One way to move the same bytes to the host and back.
struct TransferArm {
  std::string name;
  PieceList pieces;
  CopyWay way = CopyWay::kEach;
  std::byte* host = nullptr;
};

/// What the repetitions gave, a column a rank: of each arm device_to_host_seconds, host_to_device_seconds and
/// wall_seconds (both); beside a decode decode_seconds and the mean seconds of a copy each way
/// (..._decoding_seconds); of arm "alone" the decode_seconds without any copy.
struct TransferTrialResult {
  std::vector<Samples> samples;
  std::vector<Samples> again;  ///< more copies of the ceiling alone, phase "isolated"
  bool same_tokens = true;     ///< every decode beside copies gave the tokens of the one without
  bool interrupted = false;
};

struct TransferSetting {
  Backend& backend;
  Communicator& group;
  Transfer& transfer;
  RunDelayGauge& gauge;
  Engine& engine;  ///< that decodes
  std::span<const Request> requests;
  std::function<Next(double)> decide;  ///< as of TrialSetting
  std::string inject_bug;              ///< tests: "clock" gives wrong seconds on purpose, but for the ceiling
  std::uint64_t seed = 0;
};

/// One warm-up and repetitions: every arm's round trip, then every arm again and again by a thread of its own
/// while the engine serves the requests. All ranks of the group at once; the order is drawn anew each time.
TransferTrialResult run_transfer_trial(const TransferSetting& setting, std::span<const TransferArm> arms);

/// Moves the ceiling's bytes some times more and adds them to result.again: on a machine that others use a
/// few copies see less than the link can do.
void probe_ceiling_again(const TransferSetting& setting, const TransferArm& ceiling,
                         TransferTrialResult& result);

}  // namespace tpscale
