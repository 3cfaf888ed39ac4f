#include "core/dtype.h"

#include <string>

#include "core/error.h"

namespace tpscale {

std::string_view to_string(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::kBF16:
      return "bf16";
    case Dtype::kF16:
      return "f16";
    case Dtype::kF32:
      break;
  }
  return "f32";
}

Dtype parse_dtype(std::string_view text) {
  for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    if (text == to_string(dtype)) return dtype;
  }
  throw UsageError("unknown dtype '" + std::string(text) + "'; use f32, bf16 or f16");
}

Float16::Float16(float value) noexcept {
  const auto u = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((u >> 16) & 0x8000u);
  const std::uint32_t magnitude = u & 0x7FFFFFFFu;
  if (magnitude >= 0x7F800000u) {
    bits = static_cast<std::uint16_t>(sign | 0x7C00u | (magnitude > 0x7F800000u ? 0x200u : 0u));
    return;
  }
  if (magnitude >= 0x38800000u) {  // a normal half: rebias the exponent, round the 13 bits that go
    const std::uint32_t rounded = magnitude - 0x38000000u + 0xFFFu + ((magnitude >> 13) & 1u);
    bits = static_cast<std::uint16_t>(sign | (rounded >= 0x0F800000u ? 0x7C00u : rounded >> 13));
    return;
  }
  // Subnormal: adding 0.5 (in units where a half's smallest step is the float's last bit) lets the FPU round.
  const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
  bits = static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u));
}

Float16::operator float() const noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1Fu;
  const std::uint32_t mantissa = bits & 0x3FFu;
  if (exponent == 0x1Fu) return std::bit_cast<float>(sign | 0x7F800000u | (mantissa << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

}  // namespace tpscale
