#include "corpus/tables/text_input.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/tables/json_lines.hpp"
#include "corpus/tables/other_kinds.hpp"

namespace pool3::corpus {
namespace {

constexpr std::string_view mark = "\xEF\xBB\xBF";
constexpr std::size_t buffer_bytes = std::size_t{1} << 20U;

}  // namespace

TextInput::TextInput(const std::string& path) : path_(path), file_(open_source({stage, path})) {
  buffer_.resize(buffer_bytes);
  begin();
}

TextInput::TextInput(std::string name, std::string_view text) : path_(std::move(name)), piece_(text) { begin(); }

void TextInput::begin() {
  static_cast<void>(peek(mark.size() - 1));
  const bool is_json_lines = is_json_lines_name(path_) && trimmed_view(piece_.substr(0, 256)).starts_with('{');
  if (const OtherKind* kind = is_json_lines ? nullptr : other_kind(piece_))
    throw Error({.stage = stage, .path = path_, .cause = kind->cause, .advice = kind->advice});
  if (piece_.starts_with(mark)) at_ = mark.size();
  // Lines of old Macs, and of spreadsheets there, end in a carriage return alone.
  if (file_.is_open() && piece_.find('\r') != std::string_view::npos && piece_.find('\n') == std::string_view::npos) {
    lines_end_in_cr_ = true;
    std::ranges::replace(buffer_, '\r', '\n');
  }
}

bool TextInput::refill(std::size_t ahead) {
  while (file_.is_open() && at_ + ahead >= piece_.size()) {
    const std::string kept(piece_.substr(std::min(at_, piece_.size())));  // few bytes: `ahead` at most
    std::copy(kept.begin(), kept.end(), buffer_.begin());
    ssize_t got = 0;
    do got = ::read(file_.number(), buffer_.data() + kept.size(), buffer_.size() - kept.size());
    while (got < 0 && errno == EINTR);
    if (got < 0) throw file_error(file_.place(), errno);
    const auto fresh = buffer_.begin() + static_cast<std::ptrdiff_t>(kept.size());
    if (lines_end_in_cr_) std::replace(fresh, fresh + got, '\r', '\n');
    piece_ = std::string_view(buffer_).substr(0, kept.size() + static_cast<std::size_t>(got));
    at_ = 0;
    if (got == 0) break;
  }
  return at_ + ahead < piece_.size();
}

}  // namespace pool3::corpus
