#include "corpus/tables/odd_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "corpus/file_names.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

bool has_picture(const std::vector<std::string>& fields) {
  return std::ranges::any_of(fields, [](const auto& field) { return is_picture_name(trimmed_view(field)); });
}

/// The number of fields that most rows from `first` on have.
std::size_t usual_count(const Sample& sample, std::size_t first) {
  std::map<std::size_t, std::size_t> counts;
  for (std::size_t i = first; i < sample.size(); ++i) ++counts[sample[i].size()];
  return std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; })->first;
}

}  // namespace

Sample regular_rows(Sample sample) {
  if (sample.size() < 2) return sample;
  const bool header = !has_picture(sample[0]);
  const std::size_t count = usual_count(sample, header ? 1 : 0);
  if (header && sample[0].size() < count) {
    if (sample[0].size() + 1 == count) sample[0].insert(sample[0].begin(), std::string());
    sample[0].resize(count);
  }
  // Rows that lack their last fields may be most of a table.
  const std::size_t wanted = header ? sample[0].size() : count;
  Sample rows;
  for (auto& row : sample)
    if (row.size() == wanted) rows.push_back(std::move(row));
  return rows;
}

std::size_t widest_column(const Sample& sample, const Columns& columns) {
  std::size_t widest = columns.path + 1 == columns.count && columns.count > 1 ? columns.count - 2 : columns.count - 1;
  std::vector<std::size_t> letters(columns.count);
  for (std::size_t i = columns.is_header ? 1 : 0; i < sample.size(); ++i)
    for (std::size_t column = 0; column < std::min(columns.count, sample[i].size()); ++column)
      letters[column] += sample[i][column].size();
  for (std::size_t column = columns.count; column-- > 0;)
    if (column != columns.path && letters[column] > letters[widest]) widest = column;
  return widest;
}

void OddRows::shorten(Record& record) const {
  const std::size_t excess = record.count - columns_.count;
  std::string& whole = record.fields[widest_];
  for (std::size_t i = 1; i <= excess; ++i) (whole += separator_) += record.fields[widest_ + i];
  const auto behind = record.fields.begin() + static_cast<std::ptrdiff_t>(widest_ + 1);
  const auto step = static_cast<std::ptrdiff_t>(excess);
  std::rotate(behind, behind + step, record.fields.begin() + static_cast<std::ptrdiff_t>(record.count));
  record.count = columns_.count;
}

bool OddRows::take(Record& record) {
  if (record.count != columns_.count && record.fields[0].starts_with('#')) return remarks_.add(record), false;
  while (record.count > columns_.count && record.fields[record.count - 1].empty()) --record.count;
  if (record.count > columns_.count) {
    too_long_.add(record);
    shorten(record);
  }
  const bool is_short = record.count < columns_.count;
  while (record.count < columns_.count) {
    if (record.fields.size() == record.count) record.fields.emplace_back();
    record.fields[record.count++].clear();
  }
  if (trimmed_view(record.fields[columns_.path]).empty()) return without_path_.add(record), false;
  if (is_short) too_short_.add(record);
  ++taken_;
  return true;
}

std::vector<std::string> OddRows::words(const std::vector<std::string>& header) const {
  std::vector<std::string> all;
  const auto say = [&](const Kind& kind, std::string_view what) {
    if (kind.count > 0)
      all.push_back(
          fmt::format("{} row{} {} (the first: line {})", kind.count, kind.count == 1 ? "" : "s", what, kind.line));
  };
  const std::string name = columns_.is_header && widest_ < header.size() && !header[widest_].empty()
                               ? fmt::format(" ({})", one_line(std::string(trimmed_view(header[widest_]))))
                               : "";
  say(too_long_, fmt::format("with more than {} fields: what is too much is taken for a part of column {}{}, which has "
                             "the longest texts; put fields that hold the separator in quotes",
                             columns_.count, widest_ + 1, name));
  say(too_short_, fmt::format("with less than {} fields: the last are taken for empty", columns_.count));
  say(without_path_, "without a path, which are left out");
  say(remarks_, "that begin with # and are left out as remarks");
  return all;
}

}  // namespace pool3::corpus
