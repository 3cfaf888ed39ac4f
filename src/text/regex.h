#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tpscale {

/// Where something was found: bytes [begin, end) of a text.
struct TextSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A regular expression over UTF-8 with Unicode properties (PCRE2, just-in-time compiled where the processor
/// allows). Both the expression and what it makes of a text are untrusted: its length, backtracking and
/// memory are limited.
class Regex {
 public:
  /// Throws BadDataError where the expression is none, or is too long.
  explicit Regex(const std::string& pattern);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// The first match in `text` (valid UTF-8) that begins at or after `from`; it may be empty. Text before
  /// `from` is seen by assertions. Not from two threads at once. Throws BadDataError where a limit is hit.
  std::optional<TextSpan> find(std::string_view text, std::size_t from);

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

}  // namespace tpscale
