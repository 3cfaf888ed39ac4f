#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"

namespace tpscale {

/// A rectangle of one named matrix (a vector is a matrix of one row).
struct TensorSlice {
  std::string name;  ///< Hugging Face name, "model.layers.0.self_attn.q_proj.weight"
  std::int64_t first_row = 0, rows = 0;
  std::int64_t first_col = 0, cols = 0;
};

/// Where the weights of a model come from: a checkpoint folder, or a generator that is a function of (seed,
/// tensor name, element index). Reads only what is asked for.
class ModelSource {
 public:
  virtual ~ModelSource() = default;
  virtual const ModelConfig& config() const noexcept = 0;
  virtual bool synthetic() const noexcept = 0;
  /// XXH64 as 16 hex digits over what defines the weights: equal on every rank, stored with every point.
  virtual std::string weights_hash() const = 0;
  /// One line each: tensors of the files that were ignored, and why.
  virtual std::vector<std::string> notes() const = 0;
  virtual Dtype dtype_of(const std::string& tensor_name) const = 0;
  /// Reads a slice, row-major, into `out` (rows * cols elements of dtype_of(name)). Throws InputOutputError
  /// on a short read.
  virtual void read(const TensorSlice& slice, void* out) const = 0;
};

/// `model` is a preset name or a checkpoint folder; `embedded_folder` is where the model `embedded` lies.
/// Validates all there is to validate (header by header, no weights read). Throws MissingInputError,
/// BadDataError, UsageError.
std::unique_ptr<ModelSource> open_model(const std::string& model, const std::string& embedded_folder,
                                        std::uint64_t seed);

}  // namespace tpscale
