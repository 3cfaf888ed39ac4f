#include "kv/eviction.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "core/check.h"
#include "core/counter_rng.h"
#include "core/error.h"

namespace tpscale {
namespace {

using Kind = EvictionPolicy::Kind;

struct Family {
  std::string_view name;
  Kind kind;
  std::array<std::string_view, 3> usual;  ///< numbers of a family named alone; empty: none
};

constexpr std::array<Family, 5> kFamilies{{{"baseline", Kind::kNone, {}},
                                           {"streaming", Kind::kStreaming, {"256", "512", "1024"}},
                                           {"recent_only", Kind::kRecentOnly, {"256", "512", "1024"}},
                                           {"fix_size_l2", Kind::kFixSizeL2, {"256", "512", "1024"}},
                                           {"l2_ratio", Kind::kL2Ratio, {"0.9"}}}};

constexpr std::int64_t kLargest = std::int64_t{1} << 24;

[[noreturn]] void unknown(std::string_view name) {
  throw UsageError(
      "there is no method '" + std::string(name) +
      "'; choose of baseline, streaming_S, recent_only_W, fix_size_l2_F and l2_ratio_R with a number "
      "for the letter");
}

const Family& family_of(std::string_view name, std::string_view& number) {
  for (const Family& family : kFamilies) {
    if (!name.starts_with(family.name)) continue;
    const std::string_view rest = name.substr(family.name.size());
    if (!rest.empty() && (rest.front() != '_' || family.kind == Kind::kNone)) continue;
    number = rest.empty() ? rest : rest.substr(1);
    if (!rest.empty() && number.empty()) unknown(name);
    return family;
  }
  unknown(name);
}

template <class T>
T parse(std::string_view name, std::string_view number) {
  T value{};
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size()) unknown(name);
  return value;
}

/// The `count` first of `tokens` become those that `before` puts first.
template <class Before>
void select(std::span<std::int32_t> tokens, std::size_t count, Before&& before) {
  if (count > 0 && count < tokens.size())
    std::nth_element(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count), tokens.end(),
                     before);
}

}  // namespace

KeepNorms parse_keep_norms(std::string_view text) {
  if (text == "low") return KeepNorms::kLow;
  if (text == "high") return KeepNorms::kHigh;
  if (text == "random") return KeepNorms::kRandom;
  throw UsageError("--keep is low, high or random, not '" + std::string(text) + "'");
}

EvictionPolicy::EvictionPolicy(std::string_view name, const EvictionSettings& settings)
    : name_(name), settings_(settings) {
  std::string_view number;
  kind_ = family_of(name, number).kind;
  if (kind_ == Kind::kNone) return;
  if (number.empty()) unknown(name);
  if (kind_ == Kind::kL2Ratio) {
    ratio_ = parse<double>(name, number);
    if (!(ratio_ > 0.0 && ratio_ <= 1.0))
      throw UsageError("the share of " + name_ + " must be above 0 and at most 1");
    if (settings.prune_after < 1 || settings.prune_after > kLargest)
      throw UsageError("--prune-after must be between 1 and 16777216");
    return;
  }
  size_ = parse<std::int64_t>(name, number);
  if (size_ < 1 || size_ > kLargest)
    throw UsageError("the cache of " + name_ + " must hold between 1 and 16777216 tokens");
  if (kind_ == Kind::kStreaming && (settings.sinks < 0 || settings.sinks >= size_))
    throw UsageError("--sinks " + std::to_string(settings.sinks) + " leaves no room for recent tokens in " +
                     name_ + "; it must be between 0 and " + std::to_string(size_ - 1));
  if (!(settings.protect_ratio >= 0.0 && settings.protect_ratio <= 1.0))
    throw UsageError("--protect-ratio must be between 0 and 1");
}

bool EvictionPolicy::cuts(std::int64_t layer) const noexcept {
  const auto skipped = [&](const std::vector<std::int64_t>& layers) {
    return std::ranges::find(layers, layer) != layers.end();
  };
  switch (kind_) {
    case Kind::kNone:
    case Kind::kStreaming:
      return true;
    case Kind::kRecentOnly:
    case Kind::kFixSizeL2:
      return !skipped(settings_.skip_layers);
    case Kind::kL2Ratio:
      return !skipped(settings_.ratio_skip_layers);
  }
  return true;
}

bool EvictionPolicy::by_norm() const noexcept {
  return kind_ == Kind::kL2Ratio || (kind_ == Kind::kFixSizeL2 && settings_.keep != KeepNorms::kRandom);
}

bool EvictionPolicy::by_head() const noexcept {
  return kind_ == Kind::kL2Ratio || kind_ == Kind::kFixSizeL2;
}

std::int64_t EvictionPolicy::kept_of(std::int64_t cached) const noexcept {
  if (kind_ == Kind::kNone) return cached;
  if (kind_ != Kind::kL2Ratio) return std::min(cached, size_);
  if (cached < settings_.prune_after) return cached;
  return static_cast<std::int64_t>(std::ceil(ratio_ * static_cast<double>(cached)));
}

std::int64_t EvictionPolicy::most_cached(std::int64_t first, std::int64_t tokens) const noexcept {
  std::int64_t most = first, cached = kept_of(first);
  for (std::int64_t token = first; token < tokens; ++token) {
    most = std::max(most, cached + 1);
    cached = kept_of(cached + 1);
  }
  return most;
}

void EvictionPolicy::drop(const Place& place, std::span<const float> norms, std::span<std::int32_t> dropped,
                          std::vector<std::int32_t>& scratch) const {
  const std::size_t cached = norms.size();
  check(dropped.size() <= cached &&
            static_cast<std::int64_t>(cached - dropped.size()) == kept_of(static_cast<std::int64_t>(cached)),
        "an eviction policy drops what it does not keep");
  if (dropped.empty()) return;
  if (kind_ == Kind::kStreaming || kind_ == Kind::kRecentOnly) {
    const std::int64_t first = kind_ == Kind::kStreaming ? settings_.sinks : 0;
    std::iota(dropped.begin(), dropped.end(), static_cast<std::int32_t>(first));
    return;
  }
  const auto protected_newest =
      kind_ == Kind::kFixSizeL2
          ? static_cast<std::size_t>(static_cast<double>(size_) * settings_.protect_ratio)
          : std::size_t{0};
  scratch.resize(cached - protected_newest);
  std::iota(scratch.begin(), scratch.end(), 0);
  const std::span older(scratch);
  // Those that go come first. Of equal ones the higher index goes.
  if (kind_ == Kind::kFixSizeL2 && settings_.keep == KeepNorms::kRandom) {
    const std::uint64_t seed =
        counter_bits(counter_bits(counter_bits(settings_.seed, static_cast<std::uint64_t>(place.layer)),
                                  static_cast<std::uint64_t>(place.head)),
                     static_cast<std::uint64_t>(place.passes));
    select(older, dropped.size(), [&](std::int32_t a, std::int32_t b) {
      return counter_bits(seed, static_cast<std::uint64_t>(a)) <
             counter_bits(seed, static_cast<std::uint64_t>(b));
    });
  } else {
    const bool keep_high = kind_ == Kind::kFixSizeL2 && settings_.keep == KeepNorms::kHigh;
    select(older, dropped.size(), [&](std::int32_t a, std::int32_t b) {
      const float of_a = norms[static_cast<std::size_t>(a)], of_b = norms[static_cast<std::size_t>(b)];
      if (of_a != of_b) return keep_high ? of_a < of_b : of_a > of_b;
      return a > b;
    });
  }
  std::ranges::copy(older.first(dropped.size()), dropped.begin());
  std::ranges::sort(dropped);
}

std::vector<EvictionPolicy> parse_methods(std::span<const std::string> names,
                                          const EvictionSettings& settings) {
  std::vector<EvictionPolicy> policies;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(policies, name, &EvictionPolicy::name) == policies.end())
      policies.emplace_back(name, settings);
  };
  for (const std::string& name : names) {
    std::string_view number;
    const Family& family = family_of(name, number);
    if (!number.empty() || family.kind == Kind::kNone) {
      add(name);
      continue;
    }
    for (const std::string_view usual : family.usual) {
      if (!usual.empty()) add(std::string(family.name) + "_" + std::string(usual));
    }
  }
  if (policies.empty()) throw UsageError("--method names no method; give for example baseline,streaming_256");
  return policies;
}

}  // namespace tpscale
