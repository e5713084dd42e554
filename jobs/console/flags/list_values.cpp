#include "console/flags/list_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

/// "logspace:LOW:HIGH:COUNT": from LOW to HIGH in equal factors. False if the word is no such thing.
bool append_logspace(const std::string& word, std::vector<double>& values) {
  constexpr int most = 1000;
  double low = 0, high = 0;
  int count = 0, read = 0;
  // NOLINTNEXTLINE(cert-err34-c): what sscanf can't read is no such word
  if (std::sscanf(word.c_str(), "logspace:%lf:%lf:%d%n", &low, &high, &count, &read) != 3) return false;
  if (static_cast<std::size_t>(read) != word.size() || !(low > 0) || !(high > low) || count < 2 || count > most)
    return false;
  for (int i = 0; i < count; ++i) {
    const double exact = low * std::pow(high / low, static_cast<double>(i) / (count - 1));
    // 12 digits: 1, 10, 100 and no 10.000000000000002.
    values.push_back(i == 0           ? low
                     : i == count - 1 ? high
                                      : std::strtod(fmt::format("{:.12g}", exact).c_str(), nullptr));
  }
  return true;
}

}  // namespace

void append_numbers(const std::string& name, std::string text, std::vector<double>& values) {
  std::replace(text.begin(), text.end(), ',', ' ');
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (append_logspace(word, values)) continue;
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size())
      throw usage_error(fmt::format("--{}: '{}' is not a number", name, word));
    values.push_back(value);
  }
}

std::vector<std::string> words_of(const std::vector<std::string>& values) {
  std::vector<std::string> words;
  for (std::string value : values) {
    std::ranges::replace(value, ',', ' ');
    std::istringstream all(value);
    for (std::string word; all >> word;) words.push_back(word);
  }
  return words;
}

std::vector<std::string> in_short(std::vector<std::string> words) {
  constexpr std::size_t most_bytes = std::size_t{1} << 14U;
  const std::size_t all = words.size();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < all; ++i) {
    bytes += words[i].size() + 1;
    if (bytes <= most_bytes) continue;
    words.resize(i);
    words.push_back(fmt::format("... ({} in all)", all));
    break;
  }
  return words;
}

}  // namespace pool3::jobs
