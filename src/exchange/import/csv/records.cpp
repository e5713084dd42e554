#include "exchange/import/csv/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "exchange/import/table_readers.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {
namespace {

constexpr std::size_t most_record_bytes = std::size_t{64} << 20;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// True if a quote that opens at the beginning of a field is not closed in it.
bool is_open(std::string_view text) {
  bool open = false;
  for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
    const char before = at == 0 ? ',' : text[at - 1];
    if (open || is_blank(before) || before == ',' || before == ';') open = !open;
  }
  return open;
}

void trim_end(std::string& text) { text.erase(text.find_last_not_of(" \t") + 1); }

/// What stands behind an opening quote, up to the one that closes it; `at` moves there.
void take_quoted(std::string_view text, std::size_t& at, std::string& field) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"' && (at + 1 >= text.size() || text[at + 1] != '"')) {
      ++at;
      return;
    }
    if (text[at] == '"') ++at;
    field += text[at];
  }
}

bool equals_word(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

bool RecordTexts::next(std::string& text) {
  do {
    if (!lines_.next(text)) return false;
  } while (text.empty() || text[0] == '#' || text.find_first_not_of(" \t") == std::string::npos);
  line_ = lines_.number();
  while (is_open(text)) {
    if (text.size() > most_record_bytes || !lines_.next(more_))
      throw error_at(place(), fmt::format("line {}: a quote is opened and not closed", line_));
    text.append("\n").append(more_);
  }
  return true;
}

void split(std::string_view text, char separator, std::vector<std::string>& fields) {
  const bool by_blanks = separator == blanks;
  const auto ends = [&](char c) { return by_blanks ? is_blank(c) : c == separator; };
  const auto skip = [&](std::size_t& at) {
    while (at < text.size() && is_blank(text[at]) && (by_blanks || text[at] != separator)) ++at;
  };
  std::size_t count = 0, at = 0;
  for (bool more = true; more; ++count) {
    if (fields.size() <= count) fields.emplace_back();
    std::string& field = fields[count];
    field.clear();
    skip(at);
    if (at < text.size() && text[at] == '"') take_quoted(text, at, field);
    const std::size_t begin = at;
    while (at < text.size() && !ends(text[at])) ++at;
    field.append(text.substr(begin, at - begin));
    trim_end(field);
    if (by_blanks) skip(at);
    more = at < text.size();
    if (more && !by_blanks) ++at;
  }
  fields.resize(count);
}

bool parse_field(const std::string& field, char separator, double& value) {
  if (parse_number(field, value)) return true;
  if (equals_word(field, "true") || equals_word(field, "false")) {
    value = field.size() == 4 ? 1 : 0;
    return true;
  }
  const std::size_t comma = field.find(',');
  if (separator == ',' || comma == std::string::npos || comma == 0 || comma + 1 == field.size() ||
      field.find('.') != std::string::npos)
    return false;
  std::string point = field;
  point[comma] = '.';
  return parse_number(point, value);
}

std::vector<double> parse_list(std::string_view field) {
  if (field.size() < 2 || field.front() != '[' || field.back() != ']') return {};
  field = field.substr(1, field.size() - 2);
  constexpr std::string_view between = ", \t\n\r";
  std::vector<double> numbers;
  for (std::size_t at = field.find_first_not_of(between); at < field.size();) {
    const std::size_t end = std::min(field.find_first_of(between, at), field.size());
    double value = 0;
    if (!parse_number(field.substr(at, end - at), value)) return {};
    numbers.push_back(value);
    at = field.find_first_not_of(between, end);
  }
  return numbers;
}

char find_separator(const std::vector<std::string>& texts, bool with_blanks) {
  std::tuple<std::ptrdiff_t, double, std::ptrdiff_t> best{-1, 0, 0};
  char found = ',';
  std::vector<std::string> fields, heads;
  for (const char candidate : {',', ';', '\t', '|', blanks}) {
    if (candidate == blanks && !with_blanks) continue;
    split(texts.front(), candidate, heads);
    split(texts.back(), candidate, fields);
    double value = 0;
    std::ptrdiff_t numbers = 0, full = 0;
    for (const std::string& field : fields) {
      const auto in_it = parse_field(field, candidate, value) ? 1 : std::ssize(parse_list(field));
      numbers += in_it;
      full += in_it > 0 ? 1 : 0;
    }
    const double share = static_cast<double>(full) / static_cast<double>(fields.size());
    // A lone column may hold words and numbers: "shoe 42".
    if (candidate == blanks && heads.size() != fields.size() && share <= 0.5) continue;
    const std::tuple now{numbers, share, candidate == blanks ? -1 : std::ranges::count(texts.front(), candidate)};
    if (now <= best) continue;
    best = now;
    found = candidate;
  }
  return found;
}

}  // namespace pool3::exchange
