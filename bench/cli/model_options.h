#pragma once
#include <cstdint>
#include <string>

namespace tpscale {

/// Which model on which kind of device: the options that every command with a model shares.
struct ModelOptions {
  std::string model = "embedded";
  std::string backend = "auto";
  std::uint64_t weights_seed = 0;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("model", self.model, "a preset of `tpscale list` or a Hugging Face folder");
    visit("backend", self.backend, "auto, or a backend of `tpscale list`");
    visit("weights-seed", self.weights_seed, "seed of a preset's synthetic weights");
  }
};

}  // namespace tpscale
