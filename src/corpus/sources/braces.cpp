#include "corpus/sources/braces.hpp"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "corpus/error_stage.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

constexpr std::size_t most_names = 1'000'000;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

[[noreturn]] void fail(const std::string& text, const std::string& cause) {
  throw usage_error(fmt::format("--corpus {}: {}", text, cause), "braces are {000..127} or {a,b}");
}

std::vector<std::string> words_of_range(std::string_view from, std::string_view to, const std::string& text) {
  const auto first = number(from);
  const auto last = number(to);
  if (!first || !last || *first > *last) fail(text, "a range counts up from a number to a number");
  if (static_cast<std::uint64_t>(*last - *first) >= most_names) fail(text, "more than a million names");
  const bool padded = from.size() > 1 && from[0] == '0';
  std::vector<std::string> words;
  for (std::int64_t i = *first; i <= *last; ++i) {
    words.push_back(fmt::format("{:0{}}", i, padded ? from.size() : 1));
  }
  return words;
}

std::vector<std::string> words_of(std::string_view inside, const std::string& text) {
  if (const std::size_t dots = inside.find(".."); dots != std::string_view::npos) {
    return words_of_range(inside.substr(0, dots), inside.substr(dots + 2), text);
  }
  if (inside.find(',') == std::string_view::npos) fail(text, "nothing to choose from in a brace");
  std::vector<std::string> words;
  for (;;) {
    const std::size_t comma = inside.find(',');
    words.emplace_back(inside.substr(0, comma));
    if (comma == std::string_view::npos) return words;
    inside.remove_prefix(comma + 1);
  }
}

}  // namespace

std::vector<std::string> expand_braces(const std::string& text) {
  struct stat status {};
  if (text.find('{') == std::string::npos || ::stat(text.c_str(), &status) == 0) return {text};
  std::vector<std::string> names = {""};
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    for (std::string& name : names) name += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos) fail(text, "a brace is not closed");
    const std::vector<std::string> words = words_of(rest.substr(1, close - 1), text);
    if (words.size() > most_names / names.size()) fail(text, "more than a million names");
    std::vector<std::string> longer;
    for (const std::string& name : names) {
      for (const std::string& word : words) longer.push_back(name + word);
    }
    names = std::move(longer);
    rest.remove_prefix(close + 1);
  }
  return names;
}

std::vector<std::string> expand_wildcards(const std::string& text) {
  struct stat status {};
  if (text.find_first_of("*?[") == std::string::npos || ::stat(text.c_str(), &status) == 0) return {text};
  ::glob_t found{};
  const int result = ::glob(text.c_str(), GLOB_ERR | GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> names;
  if (result == 0) names.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (names.empty()) {
    throw Error(
        {.stage = stage,
         .path = text,
         .cause = result == GLOB_NOMATCH ? "no file or folder has such a name" : "a folder on its way can't be read"});
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace pool3::corpus
