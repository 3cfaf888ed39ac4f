#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tpscale {

/// Text to token ids and back, as a Hugging Face tokenizer.json says: byte-level BPE (GPT-2, GPT-NeoX,
/// Llama 3, Qwen) and BPE converted from SentencePiece (Llama 2, Mistral). Gives the ids that the tokenizers
/// library gives. Not from two threads at once. The file's "truncation" and "padding" are about batches of
/// others and are not read.
class Tokenizer {
 public:
  static constexpr std::size_t kLargestFile = 128'000'000;  ///< the largest in wide use have 35 MB

  /// Reads a file's content that nobody vouches for; `name`, usually its path, begins every sentence. Throws
  /// BadDataError: a component that is not known (with the list of those that are), one that contradicts
  /// another, no JSON.
  Tokenizer(std::string_view json, const std::string& name);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// `text` may be any bytes: what is no UTF-8 counts as U+FFFD. `special_tokens`: with those that the file
  /// puts around a text. O(n log n) in its length. Throws BadDataError where a regular expression of the file
  /// runs into its limits, UsageError where the text has 2 GiB or more.
  std::vector<std::int32_t> encode(std::string_view text, bool special_tokens = true) const;
  /// Valid UTF-8, special tokens written out; ids that are none are left out.
  std::string decode(std::span<const std::int32_t> ids) const;
  /// The same, but bytes that make no character stay as they are.
  std::string decode_bytes(std::span<const std::int32_t> ids) const;
  /// What `ids` add to a text that began with `prompt`: valid UTF-8, a character begun in the prompt and
  /// ended in `ids` included.
  std::string decode_after(std::span<const std::int32_t> prompt, std::span<const std::int32_t> ids) const;
  /// True where encode puts a special token before the text.
  bool begins_with_special() const noexcept;
  /// The largest id + 1.
  std::int64_t id_limit() const noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tpscale
