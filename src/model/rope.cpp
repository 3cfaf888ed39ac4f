#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tpscale {
namespace {

double inverse_frequency(double theta, std::size_t i, double dim) {
  return 1.0 / std::pow(theta, 2.0 * static_cast<double>(i) / dim);
}

/// NTK-aware base: theta * (factor * n / max - (factor - 1))^(dim / (dim - 2)).
double dynamic_theta(const ModelConfig& config, std::int64_t sequence_len) {
  const auto longest = static_cast<double>(config.max_position_embeddings);
  const double length = std::max(longest, static_cast<double>(sequence_len));
  const auto dim = static_cast<double>(config.rotary_dim());
  const double stretch = config.rope.factor * length / longest - (config.rope.factor - 1.0);
  return config.rope.theta * std::pow(stretch, dim / (dim - 2.0));
}

/// Llama 3.1: long waves are divided by the factor, short ones kept, those between blended.
double llama3_frequency(const RopeConfig& rope, double frequency) {
  const auto context = static_cast<double>(rope.original_max_position_embeddings);
  const double wavelength = 2.0 * std::numbers::pi / frequency;
  if (wavelength < context / rope.high_freq_factor) return frequency;
  if (wavelength > context / rope.low_freq_factor) return frequency / rope.factor;
  const double smooth =
      (context / wavelength - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1.0 - smooth) * frequency / rope.factor + smooth * frequency;
}

/// YaRN: how much of dimension i is interpolated, a ramp between the dimensions that turn beta_fast and
/// beta_slow times in the original context.
class YarnRamp {
 public:
  YarnRamp(const ModelConfig& config) {
    const RopeConfig& rope = config.rope;
    const auto dim = static_cast<double>(config.rotary_dim());
    const auto context =
        static_cast<double>(rope.original_max_position_embeddings > 0 ? rope.original_max_position_embeddings
                                                                      : config.max_position_embeddings);
    const auto dimension_of = [&](double rotations) {
      return dim * std::log(context / (rotations * 2.0 * std::numbers::pi)) / (2.0 * std::log(rope.theta));
    };
    double low = dimension_of(rope.beta_fast);
    double high = dimension_of(rope.beta_slow);
    if (rope.truncate) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low_ = std::max(low, 0.0);
    high_ = std::min(high, dim - 1.0);
    if (low_ == high_) high_ += 0.001;
  }
  double at(std::size_t i) const {
    return std::clamp((static_cast<double>(i) - low_) / (high_ - low_), 0.0, 1.0);
  }

 private:
  double low_ = 0.0;
  double high_ = 0.0;
};

double yarn_scale(const RopeConfig& rope) {
  if (rope.attention_factor) return *rope.attention_factor;
  const auto scale = [&](double mscale) {
    return rope.factor <= 1.0 ? 1.0 : 0.1 * mscale * std::log(rope.factor) + 1.0;
  };
  if (rope.mscale != 0.0 && rope.mscale_all_dim != 0.0)
    return scale(rope.mscale) / scale(rope.mscale_all_dim);
  return scale(1.0);
}

}  // namespace

RopeFrequencies rope_frequencies(const ModelConfig& config, std::int64_t sequence_len) {
  const RopeConfig& rope = config.rope;
  const auto dim = static_cast<double>(config.rotary_dim());
  const double theta =
      rope.scaling == RopeScaling::kDynamic ? dynamic_theta(config, sequence_len) : rope.theta;
  RopeFrequencies frequencies;
  frequencies.inverse.resize(static_cast<std::size_t>(config.rotary_dim() / 2));
  const YarnRamp ramp(config);
  for (std::size_t i = 0; i < frequencies.inverse.size(); ++i) {
    double frequency = inverse_frequency(theta, i, dim);
    switch (rope.scaling) {
      case RopeScaling::kNone:
      case RopeScaling::kDynamic:
        break;
      case RopeScaling::kLinear:
        frequency /= rope.factor;
        break;
      case RopeScaling::kLlama3:
        frequency = llama3_frequency(rope, frequency);
        break;
      case RopeScaling::kYarn:
        frequency = frequency / rope.factor * ramp.at(i) + frequency * (1.0 - ramp.at(i));
        break;
    }
    frequencies.inverse[i] = static_cast<float>(frequency);
  }
  if (rope.scaling == RopeScaling::kYarn) frequencies.scale = yarn_scale(rope);
  return frequencies;
}

void write_rope_row(const RopeFrequencies& frequencies, std::int64_t position, float* out) {
  const std::size_t half = frequencies.inverse.size();
  for (std::size_t i = 0; i < half; ++i) {
    // The product is rounded to fp32, as in the reference; at position 100,000 that is 0.004 radians.
    const float angle = static_cast<float>(position) * frequencies.inverse[i];
    out[i] = static_cast<float>(std::cos(static_cast<double>(angle)) * frequencies.scale);
    out[half + i] = static_cast<float>(std::sin(static_cast<double>(angle)) * frequencies.scale);
  }
}

}  // namespace tpscale
