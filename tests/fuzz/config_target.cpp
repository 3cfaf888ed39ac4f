// config.json, and what is computed from one that was taken.
#include <cmath>

#include "fuzz/fuzz_target.h"
#include "model/config.h"
#include "model/rope.h"
#include "model/tensor_list.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tpscale;
  fuzz::taken_or_refused<BadDataError>([&] {
    ModelConfig config = parse_config(fuzz::text_of(data, size), "f");
    fuzz::require(parameter_count(config) > 0, "a model without parameters");
    if (config.rotary_dim() > 0) {
      for (const float radians : rope_frequencies(config, 2 * config.max_position_embeddings).inverse)
        fuzz::require(!std::isnan(radians), "a rotary frequency that is no number");
    }
    config.num_layers = std::min<std::int64_t>(config.num_layers, 2);  // a thousand of them only take time
    for (const TensorSpec& tensor : tensor_list(config))
      fuzz::require(tensor.rows > 0 && tensor.cols > 0, "an empty tensor");
  });
  return 0;
}
