#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tpscale {

/// Which of the older tokens of a KV head fix_size_l2 keeps.
enum class KeepNorms : std::uint8_t { kLow, kHigh, kRandom };
KeepNorms parse_keep_norms(std::string_view text);  ///< "low", "high", "random"; throws UsageError

/// What the methods share that have it.
struct EvictionSettings {
  std::int64_t sinks = 4;            ///< streaming: first tokens that always stay
  std::int64_t prune_after = 1000;   ///< l2_ratio: tokens before anything goes
  double protect_ratio = 0.0;        ///< fix_size_l2: share of the size that is the newest tokens
  KeepNorms keep = KeepNorms::kLow;  ///< fix_size_l2
  std::vector<std::int64_t> skip_layers = {0, 1};  ///< recent_only, fix_size_l2: layers that keep everything
  std::vector<std::int64_t> ratio_skip_layers = {};  ///< l2_ratio: the same
  std::uint64_t seed = 0;                            ///< of kRandom
};

/// Which cached tokens go after a forward pass. Lengths and choices depend on nothing but what every rank
/// knows of its heads, so a head's tokens are the same at every tensor-parallel degree.
/// - streaming_S: after "Efficient Streaming Language Models with Attention Sinks" (arXiv 2309.17453): the
///   first `sinks` and the S - sinks last tokens of every layer; keys are cached before their rotation and
///   rotated at their place in the cache.
/// - recent_only_W: the last W tokens.
/// - fix_size_l2_F, l2_ratio_R: after "A Simple and Effective L2 Norm-Based Strategy for KV Cache
///   Compression" (arXiv 2406.11430): of each KV head the F tokens (the share R, rounded up, once there are
///   prune_after) whose keys have the smallest Euclidean norms. Ties: the lower index stays.
/// But for streaming every token keeps its true position.
class EvictionPolicy {
 public:
  enum class Kind : std::uint8_t { kNone, kStreaming, kRecentOnly, kFixSizeL2, kL2Ratio };

  /// "baseline", "streaming_256", "l2_ratio_0.9", ... Throws UsageError.
  EvictionPolicy(std::string_view name, const EvictionSettings& settings);

  const std::string& name() const noexcept { return name_; }
  Kind kind() const noexcept { return kind_; }
  /// Keys are cached unrotated and rotated at their place in the cache.
  bool rotates_cached_keys() const noexcept { return kind_ == Kind::kStreaming; }
  bool cuts(std::int64_t layer) const noexcept;
  bool by_norm() const noexcept;  ///< drop() reads norms
  bool by_head() const noexcept;  ///< heads and layers may lose different tokens

  /// Tokens that stay of `cached` ones.
  std::int64_t kept_of(std::int64_t cached) const noexcept;
  /// Most tokens a layer that is cut ever holds: `first` in one forward pass, the rest of `tokens` one by
  /// one.
  std::int64_t most_cached(std::int64_t first, std::int64_t tokens) const noexcept;

  /// Where the choice is made.
  struct Place {
    std::int64_t layer = 0;
    std::int64_t head = 0;    ///< KV head, counted over all ranks
    std::int64_t passes = 0;  ///< forward passes so far: kRandom draws anew after each
  };
  /// The tokens that go, ascending: dropped.size() of norms.size() cached ones, norms.size() - kept_of() of
  /// them. `norms` of the head's keys (any values where by_norm() is false). `scratch` is room to sort.
  void drop(const Place& place, std::span<const float> norms, std::span<std::int32_t> dropped,
            std::vector<std::int32_t>& scratch) const;

 private:
  std::string name_;
  Kind kind_ = Kind::kNone;
  std::int64_t size_ = 0;  ///< of the cache
  double ratio_ = 1.0;
  EvictionSettings settings_;
};

/// The policies that a list of names means. A family without a number stands for its usual sizes: 256, 512
/// and 1024, or 0.9 of l2_ratio. Throws UsageError that lists the names.
std::vector<EvictionPolicy> parse_methods(std::span<const std::string> names,
                                          const EvictionSettings& settings);

}  // namespace tpscale
