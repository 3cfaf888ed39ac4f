#pragma once

namespace tpscale {

/// The project's own sources through a tokenizer of each kind, if they lie where the program was built:
/// "tokenize/gpt2", in bytes a second of one thread.
void register_tokenize_benchmarks();

}  // namespace tpscale
