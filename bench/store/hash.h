#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tpscale {

/// XXH64 (seed 0) over bytes that come in pieces.
class Hasher {
 public:
  Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);       ///< the characters only
  void add_integer(std::int64_t value);  ///< 8 bytes, little-endian
  std::uint64_t digest() const;
  std::string hex() const;  ///< the digest as 16 lower-case hex digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hash_hex(std::string_view bytes);  ///< 16 lower-case hex digits
std::string to_hex16(std::uint64_t value);
bool is_hex16(std::string_view text) noexcept;  ///< exactly 16 lower-case hex digits

}  // namespace tpscale
