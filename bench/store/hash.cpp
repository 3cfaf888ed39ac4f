#include "bench/store/hash.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace tpscale {

struct Hasher::State {
  std::unique_ptr<XXH64_state_t, decltype(&XXH64_freeState)> xxh{XXH64_createState(), &XXH64_freeState};
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  XXH64_reset(state_->xxh.get(), 0);
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::add(std::span<const std::byte> bytes) {
  XXH64_update(state_->xxh.get(), bytes.data(), bytes.size());
}

void Hasher::add(std::string_view text) {
  add(std::as_bytes(std::span(text)));
}

void Hasher::add_integer(std::int64_t value) {
  std::array<std::byte, 8> bytes{};
  auto bits = static_cast<std::uint64_t>(value);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(bits & 0xFFu);
    bits >>= 8;
  }
  add(bytes);
}

std::uint64_t Hasher::digest() const {
  return XXH64_digest(state_->xxh.get());
}

std::string Hasher::hex() const {
  return to_hex16(digest());
}

std::string hash_hex(std::string_view bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.hex();
}

std::string to_hex16(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, value >>= 4) *at = kDigits[value & 0xFu];
  return text;
}

bool is_hex16(std::string_view text) noexcept {
  return text.size() == 16 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace tpscale
