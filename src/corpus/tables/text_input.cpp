#include "corpus/tables/text_input.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "corpus/stage.hpp"

namespace pool3::corpus {
namespace {

constexpr std::string_view mark = "\xEF\xBB\xBF";
constexpr std::size_t buffer_bytes = std::size_t{1} << 20U;

}  // namespace

TextInput::TextInput(const std::string& path) : path_(path), file_(open_source({stage, path})) {
  buffer_.resize(buffer_bytes);
  skip_mark();
}

TextInput::TextInput(std::string name, std::string_view text) : path_(std::move(name)), piece_(text) { skip_mark(); }

void TextInput::skip_mark() {
  static_cast<void>(peek(mark.size() - 1));
  if (piece_.starts_with(mark)) at_ = mark.size();
  if (piece_.starts_with("PAR1")) {
    throw Error({.stage = stage,
                 .path = path_,
                 .cause = "a Parquet file, which pool3 does not read: Debian has no library for it",
                 .advice = "write it as CSV first, as with pandas: read_parquet(FILE).to_csv(FILE.csv, index=False)"});
  }
  if (piece_.starts_with("\xFF\xFE") || piece_.starts_with("\xFE\xFF")) {
    throw Error({.stage = stage, .path = path_, .cause = "UTF-16 text", .advice = "save it as UTF-8"});
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
    piece_ = std::string_view(buffer_).substr(0, kept.size() + static_cast<std::size_t>(got));
    at_ = 0;
    if (got == 0) break;
  }
  return at_ + ahead < piece_.size();
}

}  // namespace pool3::corpus
