#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/error.h"
#include "core/printable.h"

namespace tpscale {
namespace {

constexpr std::size_t kLongestPattern = 20'000;      // DeepSeek's, the longest in wide use, has under 1,000
constexpr std::uint32_t kHeapLimitKiB = 256 * 1024;  // of the interpreter, for one match
constexpr std::uint64_t kLeastMatchLimit = 10'000'000;
constexpr std::uint64_t kSteps = 64;  // backtracking allowed a byte of text

struct FreeCode {
  void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
};
struct FreeData {
  void operator()(pcre2_match_data* data) const noexcept { pcre2_match_data_free(data); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const noexcept { pcre2_match_context_free(context); }
};

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct Regex::Handles {
  std::string pattern;
  std::unique_ptr<pcre2_code, FreeCode> code;
  std::unique_ptr<pcre2_match_data, FreeData> data;
  std::unique_ptr<pcre2_match_context, FreeContext> context;
};

Regex::Regex(const std::string& pattern) : handles_(std::make_unique<Handles>()) {
  const auto fail = [&](const std::string& why) {
    throw BadDataError("the regular expression '" + printable(pattern) + "' " + why);
  };
  if (pattern.size() > kLongestPattern) fail("is too long");
  int error = 0;
  PCRE2_SIZE where = 0;
  handles_->pattern = pattern;
  handles_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                     PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &where,
                                     nullptr));
  if (!handles_->code)
    fail("cannot be used (" + message_of(error) + " at byte " + std::to_string(where) + ")");
  // Where memory may not be made executable this fails, and the interpreter matches.
  pcre2_jit_compile(handles_->code.get(), PCRE2_JIT_COMPLETE);
  handles_->data.reset(pcre2_match_data_create(1, nullptr));
  handles_->context.reset(pcre2_match_context_create(nullptr));
  if (!handles_->data || !handles_->context) throw std::bad_alloc();
  pcre2_set_heap_limit(handles_->context.get(), kHeapLimitKiB);
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

std::optional<TextSpan> Regex::find(std::string_view text, std::size_t from) {
  const std::uint64_t limit = std::max(kLeastMatchLimit, kSteps * text.size());
  pcre2_set_match_limit(handles_->context.get(),
                        static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, UINT32_MAX)));
  const auto match = [&](std::uint32_t options) {
    return pcre2_match(handles_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                       options | PCRE2_NO_UTF_CHECK, handles_->data.get(), handles_->context.get());
  };
  int found = match(0);
  // Compiled matching has a small stack; the interpreter's is on the heap.
  if (found == PCRE2_ERROR_JIT_STACKLIMIT) found = match(PCRE2_NO_JIT);
  if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (found < 0) {
    throw BadDataError("the regular expression '" + printable(handles_->pattern) +
                       "' cannot be matched with this text (" + message_of(found) + ")");
  }
  const PCRE2_SIZE* const span = pcre2_get_ovector_pointer(handles_->data.get());
  // \K in a look-ahead can end a match before it begins.
  return TextSpan{std::min(span[0], span[1]), span[1]};
}

}  // namespace tpscale
