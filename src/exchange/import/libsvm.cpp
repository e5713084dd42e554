// LIBSVM's text: "LABEL INDEX:VALUE INDEX:VALUE ...", indices rising, what is left out is 0. They count from 1, or from
// 0 if one is 0. A line may begin with its first entry, and then has no label. "qid:N" and what follows a # are passed
// over.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "exchange/import/byte_stream.hpp"
#include "exchange/import/table_readers.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(" \t"); at < line.size();) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(" \t", end);
  }
  return words;
}

struct Entry {
  std::int64_t index = -1;
  double value = 0;
};
constexpr std::int64_t largest_index = std::int64_t{1} << 60;  // far more than a row may have

/// An index of -1 if the word is no entry.
Entry parse_entry(std::string_view word) {
  const std::size_t colon = word.find(':');
  Entry entry;
  if (colon == std::string_view::npos) return entry;
  const auto [end, error] = std::from_chars(word.data(), word.data() + colon, entry.index);
  const bool good = error == std::errc() && end == word.data() + colon && entry.index >= 0 &&
                    entry.index <= largest_index && parse_number(word.substr(colon + 1), entry.value);
  if (!good) entry.index = -1;
  return entry;
}

std::string label_of(std::string_view word) {
  double number = 0;
  return parse_number(word, number) ? number_as_label(number) : std::string(word);
}

/// A line has no label if it begins with an entry, before those of larger indices.
bool has_label(const std::vector<std::string_view>& words) {
  const std::int64_t first = parse_entry(words[0]).index;
  return first < 0 || (words.size() > 1 && parse_entry(words[1]).index <= first);
}

/// Entries of a line. Throws Error naming it.
std::vector<Entry> entries_of(const Lines& lines, const std::vector<std::string_view>& words) {
  std::vector<Entry> entries;
  for (std::size_t i = has_label(words) ? 1 : 0; i < words.size(); ++i) {
    if (words[i].starts_with("qid:")) continue;
    entries.push_back(parse_entry(words[i]));
    if (entries.back().index < 0)
      throw error_at(lines.place(), fmt::format("line {}: '{}' is not INDEX:VALUE", lines.number(),
                                                one_line(std::string(words[i].substr(0, 40)))));
  }
  return entries;
}

class LibsvmTable : public TableReader {
 public:
  explicit LibsvmTable(const std::string& path) : lines_(path) {
    Lines all(path);
    std::string line;
    std::int64_t last = -1;
    while (all.next(line)) {
      const auto words = words_of(line);
      if (words.empty()) continue;
      facts.labels.push_back(has_label(words) ? label_of(words[0]) : std::string());
      for (const Entry& entry : entries_of(all, words)) {
        last = std::max(last, entry.index);
        if (entry.index == 0) first_ = 0;
      }
    }
    facts.rows = std::ssize(facts.labels);
    facts.width = last + 1 - first_;
    facts.note = fmt::format("indices from {}", first_);
  }

  void read(std::span<float> out) override {
    const auto width = static_cast<std::size_t>(facts.width);
    std::ranges::fill(out, 0.0F);
    std::string line;
    for (std::size_t at = 0; at < out.size();) {
      if (!lines_.next(line)) throw error_at(lines_.place(), "it has become shorter");
      const auto words = words_of(line);
      if (words.empty()) continue;
      for (const Entry& entry : entries_of(lines_, words)) {
        const std::int64_t column = entry.index - first_;
        if (column < 0 || column >= facts.width) throw error_at(lines_.place(), "it has changed");
        out[at + static_cast<std::size_t>(column)] = static_cast<float>(entry.value);
      }
      at += width;
    }
  }

 private:
  Lines lines_;
  std::int64_t first_ = 1;
};

}  // namespace

bool looks_like_libsvm(const std::string& path) {
  Lines lines(path);
  std::string line;
  double label = 0;
  while (lines.next(line)) {
    const auto words = words_of(line);
    if (words.empty()) continue;
    if (words.size() > 1) return words[1].starts_with("qid:") || parse_entry(words[1]).index >= 0;
    if (!parse_number(words[0], label)) return false;  // else a row of zeros, perhaps
  }
  return false;
}

std::unique_ptr<TableReader> open_libsvm(const std::string& path) { return std::make_unique<LibsvmTable>(path); }

}  // namespace pool3::exchange
