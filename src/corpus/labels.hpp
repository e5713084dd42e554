#pragma once
// Labels of many paths under one rule. Private to the room.

#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "pool3/corpus.hpp"

namespace pool3::corpus {

/// A rule made ready: a regular expression is compiled once.
class Labeller {
 public:
  /// Throws Error (usage) for a pattern that can't be understood.
  explicit Labeller(const LabelRule& rule);
  /// "" for none. Blanks around a label don't count. The rule `automatic` is `directory` here; where there is a column,
  /// callers use another.
  [[nodiscard]] std::string operator()(std::string_view path, std::string_view column) const;

 private:
  [[nodiscard]] std::string label_of(std::string_view path, std::string_view column) const;
  LabelRule::Kind kind_;
  std::optional<std::regex> pattern_;
};

}  // namespace pool3::corpus
