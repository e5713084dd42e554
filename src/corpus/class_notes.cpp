#include "corpus/class_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <cstddef>
#include <cwctype>
#include <map>
#include <numeric>

#include "corpus/unicode_decompositions.hpp"
#include "pool3/error.hpp"
#include "pool3/text/utf8.hpp"

namespace pool3::corpus {
namespace {

constexpr std::size_t most_named = 3;
constexpr char32_t first_stray = 0x110000;  // what stands for bytes that are no UTF-8: above all of Unicode

/// Appends a letter, taken apart.
void append(std::u32string& text, char32_t letter) {
  constexpr char32_t syllables = 0xAC00, leads = 0x1100, vowels = 0x1161, tails = 0x11A7;  // of Hangul
  if (letter >= syllables && letter < syllables + 11172) {
    const char32_t index = letter - syllables;
    text.append({leads + index / 588, vowels + index % 588 / 28});
    if (index % 28 != 0) text.append({tails + index % 28});
    return;
  }
  const auto* const found = std::ranges::lower_bound(decompositions, letter, {}, &Decomposition::composed);
  if (found == decompositions.end() || found->composed != letter) {
    text += letter;
    return;
  }
  append(text, found->first);
  if (found->mark != 0) append(text, found->mark);
}

char32_t lower_of(char32_t letter) {
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (letter < 0x80) return letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
  if (unicode == nullptr || letter >= first_stray) return letter;
  return static_cast<char32_t>(towlower_l(static_cast<wint_t>(letter), unicode));
}

std::string quoted(const std::string& name) { return fmt::format("\"{}\"", one_line(name)); }

/// "a, b, c and 4 more".
std::string some_of(const std::vector<std::string>& texts) {
  const auto shown = std::span(texts).first(std::min(texts.size(), most_named));
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  return texts.size() > most_named ? text + fmt::format(" and {} more", texts.size() - most_named) : text;
}

/// Groups of classes that are the same word, in words.
std::vector<std::string> same_words(const std::vector<std::string>& classes, std::span<const std::int64_t> counts) {
  std::map<std::u32string, std::vector<std::size_t>> words;
  for (std::size_t k = 0; k < classes.size(); ++k) words[folded(classes[k], true)].push_back(k);
  std::vector<std::string> groups;
  for (const auto& [word, same] : words) {
    if (same.size() < 2) continue;
    std::vector<std::string> members;
    bool form = false;
    for (const std::size_t k : same) {
      members.push_back(fmt::format("{} ({})", quoted(classes[k]), counts[k]));
      form = form || (k != same[0] && folded(classes[k], false) == folded(classes[same[0]], false));
    }
    groups.push_back(fmt::format("{}{}", fmt::join(members, " and "), form ? " in composed and decomposed form" : ""));
  }
  return groups;
}

const char* name_of(LabelRule::Kind kind) {
  switch (kind) {
    case LabelRule::Kind::directory:
      return "directory";
    case LabelRule::Kind::filename:
      return "filename";
    case LabelRule::Kind::regex:
      return "regex:...";
    case LabelRule::Kind::column:
      return "column";
    case LabelRule::Kind::automatic:
      return "auto";
    case LabelRule::Kind::none:
      break;
  }
  return "none";
}

}  // namespace

std::u32string folded(std::string_view text, bool lower) {
  std::u32string letters;
  while (!text.empty()) {
    const Utf8Character c = first_utf8(text);
    append(letters, c.valid ? c.code : first_stray + c.code);
    text.remove_prefix(c.bytes);
  }
  if (lower) std::ranges::transform(letters, letters.begin(), lower_of);
  return letters;
}

std::vector<std::string> class_notes(const std::vector<std::string>& classes, std::span<const std::int64_t> counts,
                                     const LabelRule& rule) {
  constexpr std::int64_t enough = 10;  // pictures of which something can be said
  std::vector<std::string> notes, without;
  std::vector<std::size_t> with;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (counts[k] > 0) with.push_back(k);
    if (counts[k] == 0) without.push_back(quoted(classes[k]));
  }
  const auto labelled = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  const auto is = [](std::size_t n) { return n == 1 ? "class has" : "classes have"; };
  if (!without.empty())
    notes.push_back(fmt::format("{} {} no picture: {}", without.size(), is(without.size()), some_of(without)));
  if (with.size() == 1)
    notes.push_back(
        fmt::format("all {} pictures with a label are of one class, {}; a classifier needs two: is --labels "
                    "{} what you want?",
                    labelled, quoted(classes[with[0]]), name_of(rule.kind)));
  if (labelled >= enough && 2 * static_cast<std::int64_t>(with.size()) > labelled)
    notes.push_back(
        fmt::format("{} classes for {} pictures: nearly every picture is a class of its own; is --labels {} "
                    "what you want?",
                    with.size(), labelled, name_of(rule.kind)));
  if (const auto groups = same_words(classes, counts); !groups.empty())
    notes.push_back("classes that differ only in case or Unicode form: " + some_of(groups));
  return notes;
}

}  // namespace pool3::corpus
