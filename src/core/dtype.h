#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tpscale {

/// Element type of weights, activations, KV cache and messages: a run-time value.
enum class Dtype : std::uint8_t { kF32, kBF16, kF16 };

constexpr std::size_t size_of(Dtype dtype) noexcept {
  return dtype == Dtype::kF32 ? 4 : 2;
}
std::string_view to_string(Dtype dtype) noexcept;  ///< "f32", "bf16", "f16"
Dtype parse_dtype(std::string_view text);          ///< throws UsageError that lists the known names

/// bfloat16: the upper half of a float. Rounds to nearest even; NaN stays NaN.
struct BFloat16 {
  std::uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float value) noexcept : bits(round_bits(value)) {}
  explicit operator float() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }

 private:
  static std::uint16_t round_bits(float value) noexcept {
    const auto u = std::bit_cast<std::uint32_t>(value);
    if ((u & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<std::uint16_t>((u >> 16) | 0x40u);
    return static_cast<std::uint16_t>((u + 0x7FFFu + ((u >> 16) & 1u)) >> 16);
  }
};

/// IEEE binary16. Rounds to nearest even; overflow becomes infinity.
struct Float16 {
  std::uint16_t bits = 0;
  Float16() = default;
  explicit Float16(float value) noexcept;
  explicit operator float() const noexcept;
};

/// Calls `function` with a value-initialised float, BFloat16 or Float16: the one place where a dtype becomes
/// a type.
template <class Function>
decltype(auto) dispatch_dtype(Dtype dtype, Function&& function) {
  switch (dtype) {
    case Dtype::kBF16:
      return function(BFloat16{});
    case Dtype::kF16:
      return function(Float16{});
    case Dtype::kF32:
      break;
  }
  return function(float{});
}

}  // namespace tpscale
