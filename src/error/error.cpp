#include "pool3/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace pool3 {
namespace {

std::string compose(const ErrorFields& f) {
  std::string line = f.rank >= 0 ? fmt::format("rank {}", f.rank) : "";
  for (const std::string* part : {&f.stage, &f.path, &f.cause}) {
    if (!part->empty()) line += fmt::format("{}{}", line.empty() ? "" : ": ", *part);
  }
  if (!f.advice.empty()) line += fmt::format(" ({})", f.advice);
  return one_line(std::move(line));
}

/// Bytes of the sequence that `lead` starts, or 0.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/// True if `second` may follow `lead`: the ranges that rule out overlong forms, surrogates, and > U+10FFFF.
bool second_fits(unsigned char lead, unsigned char second) {
  if (lead == 0xe0) return second >= 0xa0;
  if (lead == 0xed) return second <= 0x9f;
  if (lead == 0xf0) return second >= 0x90;
  if (lead == 0xf4) return second <= 0x8f;
  return true;
}

/// Bytes of the valid sequence that `text` begins with, or 0. REQUIRES: not empty.
std::size_t valid_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = sequence_length(at(0));
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((at(k) & 0xc0U) != 0x80U) return 0;
  }
  return length == 1 || second_fits(at(0), at(1)) ? length : 0;
}

}  // namespace

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::size_t valid_utf8(std::string_view text) {
  std::size_t valid = 0;
  while (valid < text.size()) {
    const std::size_t length = valid_sequence(text.substr(valid));
    if (length == 0) break;
    valid += length;
  }
  return valid;
}

std::string utf8_text(const std::string& text) {
  if (valid_utf8(text) == text.size() && text.find("\\x") == std::string::npos) return text;
  std::string escaped;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = valid_sequence(rest);
    if (length == 0) {
      escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(rest[0]));
    } else {
      escaped += rest[0] == '\\' ? std::string_view("\\\\") : rest.substr(0, length);
    }
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return escaped;
}

Error::Error(ErrorFields fields, bool collective)
    : std::runtime_error(compose(fields)), fields_(std::move(fields)), collective_(collective) {}

Error usage_error(std::string cause, std::string advice) {
  return Error({.cause = std::move(cause), .advice = std::move(advice), .code = ExitCode::usage});
}

Error file_error(std::string stage, std::string path, int error_number, std::string advice) {
  return Error({.stage = std::move(stage),
                .path = std::move(path),
                .cause = std::generic_category().message(error_number),
                .advice = std::move(advice)});
}

}  // namespace pool3
