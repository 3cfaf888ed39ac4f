#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/config.h"

namespace tpscale {

/// XXH64 (seed 0), fed piece by piece.
class Hash {
 public:
  Hash();
  ~Hash();
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  void add(const void* data, std::size_t bytes);
  void add(std::string_view text);      ///< its length, then its bytes
  void add(std::int64_t value);         ///< eight bytes, little-endian
  void add(double value);               ///< its bits
  void add(const ModelConfig& config);  ///< everything but its name
  std::uint64_t value() const;
  std::string hex() const;  ///< 16 digits, lower case

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tpscale
