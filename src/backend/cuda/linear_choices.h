#pragma once
#include <cublasLt.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/dtype.h"

namespace tpscale::cuda {

/// What stands around a linear layer: nothing, add_rms_norm in front, silu_and_mul behind besides.
enum class LinearUse { kPlain, kNormed, kNormedSilu };

/// What a timing was made for.
struct LinearShape {
  std::int64_t rows = 0;
  std::int64_t outs = 0;
  std::int64_t ins = 0;
  Dtype dtype = Dtype::kF32;
  LinearUse use = LinearUse::kPlain;
  // clang-tidy 14 takes the comparison with 0 that this makes for one with a null pointer.
  auto operator<=>(const LinearShape&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// What was fastest. Of a plain layer: an own kernel, or an algorithm of cuBLASLt. Of one with a norm: the
/// own kernel that does it all, or the ops one by one.
struct LinearChoice {
  bool own_kernel = false;
  cublasLtMatmulAlgo_t algorithm{};  ///< of a plain layer
  double seconds = 0.0;              ///< of one product, median
  double other_seconds =
      0.0;  ///< of the heuristic's first algorithm, or of what the layer with a norm was not
};

/// The choices of earlier launches on the same kind of device with the same libraries, in one small file. An
/// algorithm's description is only good for the version of cuBLASLt that made it, so `device` (the name of
/// the GPU, the driver, the library's version) is part of the file's name and of its first line. A file that
/// is damaged, or of something else, is left alone and told in `problem`.
class LinearChoices {
 public:
  /// `folder`: empty: nothing is kept on disk.
  LinearChoices(std::filesystem::path folder, std::string device);

  std::optional<LinearChoice> find(const LinearShape& shape) const;
  void keep(const LinearShape& shape, const LinearChoice& choice);
  /// Writes the file anew where something was kept since, with what others have written meanwhile. A failure
  /// is a `problem` only: the next launch will time again.
  void save();

  const std::map<LinearShape, LinearChoice>& all() const noexcept { return choices_; }
  const std::filesystem::path& file() const noexcept { return file_; }
  const std::string& problem() const noexcept { return problem_; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path file_;
  std::string device_;
  std::map<LinearShape, LinearChoice> choices_;
  std::string problem_;
  bool changed_ = false;
};

/// $XDG_CACHE_HOME/tpscale, or ~/.cache/tpscale; empty where neither can be named.
std::filesystem::path cache_folder();

}  // namespace tpscale::cuda
