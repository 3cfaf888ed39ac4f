#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/model_source.h"

namespace tpscale {

/// `count` values of a tensor from element `first` on, uniform in +-amplitude, in `dtype`: a function of
/// (key, element index) alone. Element i takes the 16 bits number i % 4 of counter_bits(key, i / 4): four
/// elements for one 64-bit hash.
void synthetic_values(std::uint64_t key, std::int64_t first, std::int64_t count, float amplitude, Dtype dtype,
                      void* out);

/// A preset's weights, made where they are asked for: every degree holds the same model and no file is
/// needed. Matrices have mean 0 and variance 1.3^2 / fan-in, those of queries and keys (or, where heads are
/// normalised, the norms' weights) so much more that attention scores have a standard deviation of about 3:
/// attention is sharp. The head's give logits with a standard deviation of 0.5. Norm weights are 1, biases
/// 0.2 at most.
class SyntheticModel final : public ModelSource {
 public:
  SyntheticModel(ModelConfig config, std::uint64_t seed);

  const ModelConfig& config() const noexcept override { return config_; }
  bool synthetic() const noexcept override { return true; }
  /// Of configuration and seed.
  std::string weights_hash() const override;
  std::vector<std::string> notes() const override { return {}; }
  Dtype dtype_of(const std::string&) const override { return config_.dtype; }
  /// Thread-safe.
  void read(const TensorSlice& slice, void* out) const override;

 private:
  ModelConfig config_;
  std::uint64_t seed_;
  std::map<std::string, std::int64_t> columns_;  ///< of whole tensors, which element indices count by
};

}  // namespace tpscale
