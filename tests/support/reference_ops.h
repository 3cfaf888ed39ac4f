#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tpscale::testing {

/// The ops in fp64, as loops that one reads and believes. Matrices are row-major vectors.
using Values = std::vector<double>;

inline std::size_t index(std::int64_t row, std::int64_t cols, std::int64_t col) {
  return static_cast<std::size_t>(row * cols + col);
}

/// out [rows, outs] = x [rows, ins] * w [outs, ins]^T + bias. `magnitude` (may be nullptr) gets the same sum
/// of absolute values, which bounds the rounding of any order of summation.
inline Values reference_linear(const Values& x, const Values& w, const Values& bias, std::int64_t rows,
                               std::int64_t outs, std::int64_t ins, Values* magnitude) {
  Values out(static_cast<std::size_t>(rows * outs));
  if (magnitude != nullptr) magnitude->assign(out.size(), 0.0);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t n = 0; n < outs; ++n) {
      double sum = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(n)];
      double absolute = std::abs(sum);
      for (std::int64_t k = 0; k < ins; ++k) {
        const double product = x[index(r, ins, k)] * w[index(n, ins, k)];
        sum += product;
        absolute += std::abs(product);
      }
      out[index(r, outs, n)] = sum;
      if (magnitude != nullptr) (*magnitude)[index(r, outs, n)] = absolute;
    }
  }
  return out;
}

inline Values reference_rms_norm(const Values& x, const Values& weight, double epsilon) {
  const std::size_t cols = weight.size();
  Values out(x.size());
  for (std::size_t start = 0; start < x.size(); start += cols) {
    double squares = 0.0;
    for (std::size_t i = 0; i < cols; ++i) squares += x[start + i] * x[start + i];
    const double scale = 1.0 / std::sqrt(squares / static_cast<double>(cols) + epsilon);
    for (std::size_t i = 0; i < cols; ++i) out[start + i] = x[start + i] * scale * weight[i];
  }
  return out;
}

inline Values reference_layer_norm(const Values& x, const Values& weight, const Values& bias,
                                   double epsilon) {
  const std::size_t cols = weight.size();
  Values out(x.size());
  for (std::size_t start = 0; start < x.size(); start += cols) {
    double mean = 0.0;
    for (std::size_t i = 0; i < cols; ++i) mean += x[start + i] / static_cast<double>(cols);
    double variance = 0.0;
    for (std::size_t i = 0; i < cols; ++i) {
      variance += (x[start + i] - mean) * (x[start + i] - mean) / static_cast<double>(cols);
    }
    const double scale = 1.0 / std::sqrt(variance + epsilon);
    for (std::size_t i = 0; i < cols; ++i)
      out[start + i] = (x[start + i] - mean) * scale * weight[i] + bias[i];
  }
  return out;
}

inline double reference_gelu(double x, bool tanh_formula) {
  if (tanh_formula)
    return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

inline Values reference_silu_and_mul(const Values& gate_up, std::int64_t rows, std::int64_t cols) {
  Values out(static_cast<std::size_t>(rows * cols));
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      const double gate = gate_up[index(r, 2 * cols, c)];
      out[index(r, cols, c)] = gate / (1.0 + std::exp(-gate)) * gate_up[index(r, 2 * cols, cols + c)];
    }
  }
  return out;
}

/// Rotates one head: component i with i + rotary_dim / 2 by the angle whose cosine and sine are in cos_sin.
inline Values reference_rotate(const Values& head, const Values& cos_sin) {
  Values out = head;
  const std::size_t half = cos_sin.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    out[i] = head[i] * cos_sin[i] - head[half + i] * cos_sin[half + i];
    out[half + i] = head[half + i] * cos_sin[i] + head[i] * cos_sin[half + i];
  }
  return out;
}

/// One query over keys and values [count, dim], all of which it sees.
inline Values reference_attend(const Values& query, const Values& keys, const Values& values, double scale) {
  const std::size_t dim = query.size();
  const std::size_t count = keys.size() / dim;
  Values scores(count);
  double largest = -1e300;
  for (std::size_t p = 0; p < count; ++p) {
    for (std::size_t d = 0; d < dim; ++d) scores[p] += query[d] * keys[p * dim + d] * scale;
    largest = std::max(largest, scores[p]);
  }
  double total = 0.0;
  Values out(dim);
  for (std::size_t p = 0; p < count; ++p) {
    const double weight = std::exp(scores[p] - largest);
    total += weight;
    for (std::size_t d = 0; d < dim; ++d) out[d] += weight * values[p * dim + d];
  }
  for (double& value : out) value /= total;
  return out;
}

/// Tokens of a step, some of which were chosen in the step before.
inline std::vector<std::int32_t> reference_feed_tokens(std::vector<std::int32_t> token_ids,
                                                       const std::vector<std::int32_t>& sources,
                                                       const std::vector<std::int32_t>& chosen) {
  for (std::size_t t = 0; t < token_ids.size(); ++t) {
    if (sources[t] >= 0) token_ids[t] = chosen[static_cast<std::size_t>(sources[t])];
  }
  return token_ids;
}

}  // namespace tpscale::testing
