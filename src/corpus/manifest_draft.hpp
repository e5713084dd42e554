#pragma once
// A manifest in the making. Private to the room.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pool3/corpus.hpp"

namespace pool3::corpus {

/// Numbers different labels in the order in which they come.
class LabelNames {
 public:
  [[nodiscard]] std::int32_t number(const std::string& name);
  [[nodiscard]] const std::vector<std::string>& all() const { return names_; }

 private:
  std::unordered_map<std::string, std::int32_t> numbers_;
  std::vector<std::string> names_;
};

/// Pictures of all sources, in columns, so that ten million take little more memory than their paths.
class ManifestDraft {
 public:
  static constexpr std::int64_t unknown = -2;  ///< a size that is still to be looked up
  struct Entry {
    std::string_view path;         ///< relative to the root, or absolute
    std::int64_t bytes = unknown;  ///< -1: not a file that can be looked at
    std::string label;             ///< "" for none
    std::int64_t line = 0;         ///< of the table that names it, from 1; 0 elsewhere
    double weight = 1;             ///< of the label, beside others of the same picture; 0: it is none
  };

  StringTable paths;
  std::vector<std::int64_t> bytes;
  std::vector<std::int32_t> labels;  ///< index into names, -1 for none
  LabelNames names;

  void add(const Entry& entry);
  [[nodiscard]] std::int64_t size() const { return paths.size(); }
  /// Byte order of paths; of equal paths one stays, with the label that `rule` gives. How many had several labels.
  /// Throws Error, naming `corpus`, if `rule` refuses those.
  std::int64_t sort_and_drop_repeats(const std::string& corpus, SeveralLabels::Kind rule);
  /// The rows with these indices, in this order, stay.
  void keep(const std::vector<std::int64_t>& rows);

 private:
  [[nodiscard]] bool is_sorted() const;
  [[nodiscard]] std::vector<std::int64_t> sorted_rows() const;
  [[noreturn]] void refuse(std::span<const std::int64_t> rows, const std::string& corpus) const;
  [[nodiscard]] bool has_several_labels(std::span<const std::int64_t> rows) const;
  [[nodiscard]] std::int32_t chosen_label(std::span<const std::int64_t> rows, SeveralLabels::Kind rule) const;
  [[nodiscard]] double weight(std::int64_t row) const;
  std::vector<std::int64_t> lines_;
  std::vector<double> weights_;  ///< as many as the last row that has none of 1
};

}  // namespace pool3::corpus
