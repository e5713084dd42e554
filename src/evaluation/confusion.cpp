#include <fmt/format.h>

#include <algorithm>

#include "evaluation/text_width.hpp"
#include "pool3/error.hpp"
#include "pool3/evaluation/measures.hpp"

namespace pool3 {

std::vector<ConfusedPair> most_confused(const Evaluation& e, std::size_t most) {
  const std::size_t n = e.classes.size();
  std::vector<ConfusedPair> pairs;
  for (std::size_t t = 0; t < n; ++t)
    for (std::size_t p = 0; p < n; ++p)
      if (t != p && e.confusion[t * n + p] > 0)
        pairs.push_back({static_cast<std::int32_t>(t), static_cast<std::int32_t>(p), e.confusion[t * n + p]});
  std::ranges::stable_sort(pairs, std::greater(), &ConfusedPair::rows);
  if (pairs.size() > most) pairs.resize(most);
  return pairs;
}

std::string confusion_table(const Evaluation& e, std::size_t columns) {
  const std::size_t n = e.classes.size();
  const std::string last = fmt::to_string(n == 0 ? 0 : n - 1);
  const std::int64_t most = e.confusion.empty() ? 0 : std::ranges::max(e.confusion);
  const std::size_t cell = std::max(last.size(), fmt::to_string(most).size()) + 1;
  std::vector<std::string> names;
  std::size_t width = 0;
  for (const std::string& name : e.classes)
    width = std::max(width, evaluation::length(names.emplace_back(one_line(name))));
  const std::size_t front = width + 1 + last.size();
  if (front + n * cell > columns) return {};
  std::string text = std::string(front, ' ');
  for (std::size_t k = 0; k < n; ++k) text += fmt::format("{:>{}}", k, cell);
  text += '\n';
  for (std::size_t t = 0; t < n; ++t) {
    text += fmt::format("{} {:>{}}", evaluation::pad_left(names[t], width), t, last.size());
    for (std::size_t p = 0; p < n; ++p) {
      const std::int64_t rows = e.confusion[t * n + p];
      text += rows == 0 ? fmt::format("{:>{}}", ".", cell) : fmt::format("{:>{}}", rows, cell);
    }
    text += '\n';
  }
  return text;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string confusion_csv(const Evaluation& e) {
  std::string text = "true \\ predicted";
  for (const std::string& name : e.classes) text += ',' + csv_field(name);
  text += '\n';
  const std::size_t n = e.classes.size();
  for (std::size_t t = 0; t < n; ++t) {
    text += csv_field(e.classes[t]);
    for (std::size_t p = 0; p < n; ++p) text += fmt::format(",{}", e.confusion[t * n + p]);
    text += '\n';
  }
  return text;
}

}  // namespace pool3
